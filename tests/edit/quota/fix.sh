#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --fix frees past EOF, and what the truncate of an orphan frees that is completed, is counted no more. Where that
# cannot be, the blocks stay, are zeroed, and are reported with the reason.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/quota/common.sh"

# past EOF in a file: what has no unwritten state is freed
fixes() {
	quota_image image "$@"
	debugfs_script image <<-'END'
		sif file size 1000
		sif small size 50
	END
	cp image made
	before=$(usage show image user 1000)
	run_e4zero 0 --json --fix --dry-run image
	planned=$(records summary log_blocks)
	run_e4zero 0 --json --fix image
	same "log blocks, $*" "$(records summary log_blocks)" "$planned"
	counted image
}
for features in ^extents,^64bit ^extents,^64bit,^has_journal; do
	for size in 1024 4096; do
		fixes -b $size -O $features
		[ "$(usage show image user 1000)" != "$before" ] || fail "$features, $size: nothing was freed"
	done
done
fixes -b 1024
# a tree that is too deep for what is past EOF
python3 -c "open('stripes', 'wb').write((b'x' * 1024 + b'\0' * 1024) * 600)"
quota_image image -b 1024
debugfs_script image <<<'write stripes stripes'
own image stripes 1000 100 7
count_usage image
debugfs_script image <<<'sif stripes size 600000'
run_e4zero 4 --check image
run_e4zero 0 --fix image
counted image

# no entry: the bytes go, the blocks stay
cp made image
fixes -b 1024 -O ^extents,^64bit
cp made image
usage break image group 100 missing
run_e4zero 4 --json --fix image
[[ $(records finding fixed why) == *'false'*'the group quota file has no entry for 100'* ]] || fail "left: $(<out)"
run_e4zero 4 --json --check image
[[ $(records finding kind) == *post-eof-zero* && $(records finding kind) != *post-eof-data* ]] || fail "check: $(<out)"

# orphans, in the list and in the orphan file
orphan() {
	debugfs_script image <<<'fallocate file 20 300'
	count_usage image
	debugfs_script image <<<'sif file size 4000'
}
for features in '' -b1024 '-O orphan_file' '-O bigalloc -C 16384'; do
	# shellcheck disable=SC2086 # words
	quota_image image -O ^orphan_file $features
	orphan
	if [[ $features = *orphan_file ]]; then
		python3 "$srcdir/tests/images/imgpoke.py" image orphans "$(ino_of image /file)"
		debugfs_script image <<<'feature orphan_present'
	else
		debugfs_script image <<<"ssv last_orphan $(ino_of image /file)"
	fi
	cp image orphan
	run_e4zero 0 --json --truncate 0 --dry-run image /empty
	planned=$(records summary log_blocks)
	run_e4zero 0 --json --truncate 0 image /empty
	same "$features: finished, and the blocks planned" "$(records summary orphans_finished log_blocks)" "1 $planned"
	counted image
	cp orphan image
	run_e4zero 0 --json --fix image
	counted image
	# without an entry it stays an orphan
	cp orphan image
	usage break image project 7 missing
	run_e4zero 0 --json --truncate 5 image /empty
	[[ $(records skipped why) == *'the project quota file has no entry for 7'* ]] || fail "left: $(<out)"
done
