#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files that were deleted while they were open and are larger than the journal are freed in several transactions, from
# their end; a run that was interrupted between two of them is finished by the next one.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
. "$srcdir/tests/edit/deleted/common.sh"
requires python3

# groups of 256 blocks: a log of 1024 blocks holds the bitmaps of about 930 of them, with their descriptors
for options in '-b 1024 -g 256 -N 4096 -O ^resize_inode,^orphan_file' '-b 1024 -g 256 -N 4096 -O ^resize_inode,orphan_file' \
	'-b 1024 -C 2048 -g 256 -N 4096 -O bigalloc,^resize_inode,^orphan_file'; do
	size=300M blocks=255000
	[[ $options != *bigalloc* ]] || size=600M blocks=540000
	rm -f image
	# shellcheck disable=SC2086 # words of options
	make_image image $size $options -J size=1
	printf '%s\n' 'write /dev/null large' "fallocate large 0 $blocks" 'write /dev/null small' 'fallocate small 0 20' 'write /dev/null keep' |
		debugfs_script image
	unlink_open image large small
	cp --sparse=always image reference
	e2fsck -fy reference >e2fsck.out 2>&1 || [ $? = 1 ] || fail "$options: e2fsck: $(cat e2fsck.out)"
	run_e4zero 4 --json --check --only deleted-open image
	same "found of $options" "$(records finding kind fixable | uniq -c | xargs)" '2 deleted-open true'
	run_e4zero 0 --json --dry-run --fix --only deleted-open image
	planned=$(records summary transactions)
	run_e4zero 0 --json --fix --only deleted-open image
	same "transactions of $options" "$(records summary transactions)" "$planned"
	[ "$planned" -ge 2 ] || fail "$options: only $planned transactions"
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$options: e2fsck: $(cat e2fsck.out)"
	same_usage "$options" image reference
done
