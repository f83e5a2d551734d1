#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# More than the journal holds: the whole image takes several transactions automatically. A file that is larger than the
# journal is refused, or left, with both numbers, and converted in pieces with --split. A dry run reports the same.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/convert/common.sh"

# 400,000 unwritten blocks in groups of 256: 1,600 bitmaps and more, for a journal of 1,024 blocks
truncate -s 512M image
mke2fs -q -F -t ext4 -b 1024 -g 256 -J size=1 -O ^flex_bg,^resize_inode -N 4096 image >mke2fs.log 2>&1 ||
	fail "mke2fs: $(cat mke2fs.log)"
: >empty
head -c 3000 /dev/zero | tr '\0' x >some
debugfs_script image <<-END2
	write empty file
	fallocate file 0 399999
	sif file size 409600000
	write some small
	fallocate small 3 9
	sif small size 10240
END2
untouched 8 'needs [0-9]+ journal blocks, and there are [0-9]+' image --convert hole image /file
untouched 8 'needs [0-9]+ journal blocks, and there are [0-9]+' image -n --convert hole image /file
remember_image image
run_e4zero 4 -n --json --convert hole image
image_unchanged image
run_e4zero 4 --json --convert hole image
same 'left' "$(records skipped path)" /file
records skipped why | grep -Eq 'needs [0-9]+ journal blocks, and there are [0-9]+' ||
	fail "$(cat out)"
same 'the small one' "$(states image /small)" '0+3:written 3+7:hole'
sound image
cp --sparse=always image again
run_e4zero 0 --json --split --convert hole image
[ "$(field transactions summary)" -ge 2 ] || fail "$(field transactions summary) transactions"
same 'edit' "$(jq -c 'select(.type == "edit") | [.path, .blocks_converted, .blocks_freed >= 400000]' out)" \
	'["/file",400000,true]'
same 'all of it' "$(states image /file)" '0+400000:hole'
sound image
again 0 --convert hole image
mv again image
run_e4zero 0 --json --split --convert hole image /file /small
[ "$(field transactions summary)" -ge 2 ] || fail "$(field transactions summary) transactions"
same 'all of it' "$(states image /file)" '0+400000:hole'
sound image

# 300 files in as many blocks of the inode table, and a log of 256 blocks: ext4 wants 1,024, so it is cut by hand
truncate -s 64M image2
mke2fs -q -F -t ext4 -b 1024 -I 1024 -J size=1 -N 4096 image2 >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
for ((i = 0; i < 1500; i++)); do
	printf 'write some f%d\nfallocate f%d 3 5\nsif f%d size 6000\n' $i $i $i
done | debugfs_script image2
run_e4zero 0 -n --json --convert written image2
need=$(field log_blocks summary)
run_e4zero 0 --json --convert written image2
same 'log blocks' "$(field log_blocks summary)" "$need"
[ "$(field transactions summary)" -ge 2 ] || fail "$(field transactions summary) transactions"
same 'edits' "$(records edit path | sort -u | wc -l) $(field blocks_converted edit | sort -u)" \
	'1500 3'
same 'in order' "$(field ino edit)" "$(field ino edit | sort -n)"
{ cat some; head -c 3000 /dev/zero; } >want
holds image2 /f0 want
holds image2 /f1499 want
sound image2
