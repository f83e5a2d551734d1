#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An edit larger than the journal is refused with both numbers, in a dry run too; with --split it is done in several
# transactions.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# 400,000 blocks in groups of 256: 1,600 bitmaps and more, for a journal of 1,024 blocks
truncate -s 512M image
mke2fs -q -F -t ext4 -b 1024 -g 256 -J size=1 -O ^flex_bg,^resize_inode -N 4096 image >mke2fs.log 2>&1 ||
	fail "mke2fs: $(cat mke2fs.log)"
: >empty
debugfs_script image <<-END2
	write empty file
	fallocate file 0 400000
	sif file size 400000000
END2
untouched 8 'needs [0-9]+ journal blocks, and there are [0-9]+' image --truncate 0 image /file
untouched 8 'needs [0-9]+ journal blocks, and there are [0-9]+' image -n --truncate 0 image /file
run_e4zero 0 -n --split --truncate 0 image /file
grep -q 'in several transactions' out || fail "$(cat out)"
image_unchanged image
run_e4zero 0 --json --split --truncate 0 image /file
[ "$(field transactions summary)" -ge 2 ] || fail "$(field transactions summary) transactions"
same 'edit' "$(jq -c 'select(.type == "edit") | [.size_before, .size_after, .blocks_freed >= 400000]' out)" \
	'[400000000,0,true]'
sound image
