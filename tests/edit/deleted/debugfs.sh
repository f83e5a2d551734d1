#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files that were deleted while they were open, as debugfs makes them: --check --all finds each, --fix --all frees them as
# e2fsck does, from the orphan list and from the orphan file, and not a byte of them is left. Plain --fix leaves them.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
. "$srcdir/tests/edit/deleted/common.sh"
requires python3

text big 300000 $'SECRET bytes\n'
text kept 300000 $'line of text\n'
text short 40 'SECRET short '
text value 700 'SECRETVALUE'
# each block of it is an extent
for ((i = 0; i < 40; i++)); do printf SECRET | dd of=holes bs=16384 seek=$((i * 2)) conv=notrunc status=none; done
printf -v target 'SECRET/%.0s' {1..20}

names=(file other holes inline dir slow fast fifo device)

# fill IMAGE: one of each type, and what is to stay between them
fill() {
	{
		echo write kept keep
		for name in file other; do
			echo "write big $name"
			echo "ea_set $name user.secret SECRETATTRIBUTE"
			echo "ea_set $name user.large -f value"
		done
		echo write holes holes
		printf '%s\n' 'write short inline' 'mkdir dir' "symlink slow $target" 'symlink fast SECRETTARGET' 'mknod fifo p' \
			'mknod device c 1 3' 'write kept keep2'
		for name in "${names[@]}" keep; do
			[[ $options != *quota* ]] || printf 'sif %s uid 1000\nsif %s gid 70001\nsif %s projid 7\n' "$name" "$name" "$name"
		done
	} | debugfs_script "$1"
}

broad some 5 '-b 1024' '-b 4096 -O inline_data,metadata_csum -I 256' '-b 1024 -O ^extent,^64bit -I 128' \
	'-b 4096 -O bigalloc -C 16384' '-b 4096 -I 256 -O quota,project,orphan_file -E quotatype=usrquota:grpquota:prjquota' \
	'-b 4096 -O ^has_journal,uninit_bg,^metadata_csum' '-b 1024 -O orphan_file' \
	'-b 1024 -O ^has_journal,^extent,^64bit,^flex_bg,^metadata_csum,^extra_isize,^huge_file -I 128' \
	'-b 2048 -O ^flex_bg,meta_bg,^resize_inode -g 2048' '-b 1024 -I 128 -O bigalloc,^metadata_csum -C 8192'
for options in "${some[@]}"; do
	# shellcheck disable=SC2086 # words of options
	make_image image 48M $options
	fill image
	# what debugfs makes of counts and of attributes is not what a kernel makes
	e2fsck -fy image >e2fsck.out 2>&1 || [ $? = 1 ] || fail "$options: e2fsck: $(cat e2fsck.out)"
	unlink_open image "${names[@]}"
	cp image plain
	cp image reference
	e2fsck -fy reference >e2fsck.out 2>&1 || [ $? = 1 ] || fail "$options: e2fsck: $(cat e2fsck.out)"

	run_e4zero 4 --json --check --all image
	same "found of $options" "$(records finding kind ino fixable path | grep deleted)" \
		"$(for ino in $(sort -n <<<"${unlinked// /$'\n'}"); do echo "deleted-open $ino true null"; done)"
	same "missing in the sum of $options" "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	same "disputed and leaked of $options" "$(class disputed bytes) $(class leaked-block bytes)" '0 0'
	same "places of $options" "$(class deleted-open places)" ${#names[@]}

	run_e4zero 0 --json --fix plain
	same "left by plain --fix of $options" "$(records skipped why | sort | uniq -c | xargs)" "${#names[@]} deleted, waiting to be freed"
	remember_image image
	run_e4zero 0 --json --dry-run --fix --all image
	image_unchanged image
	cp image only
	run_e4zero 0 --json --fix --all image
	same "not fixed of $options" "$(records finding fixed | grep -v true)" ''
	sound image
	same_usage "$options" image reference
	holds image /keep kept /keep2 kept
	! grep -aq SECRET image || fail "$options: it is still there"
	run_e4zero 0 --json --check --all image
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image

	run_e4zero 0 --json --fix --only deleted-open only
	same "fixed alone of $options" "$(records finding kind fixed | sort -u)" 'deleted-open true'
	same_usage "$options, alone" only reference
	e2fsck -fn only >e2fsck.out 2>&1 || fail "$options: e2fsck: $(cat e2fsck.out)"
	run_e4zero 4 --json --check --all only
	! records finding kind | grep -q '^deleted-open\|^free-inode' || fail "$options: found again: $(cat out)"
done
