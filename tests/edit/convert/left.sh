#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With the whole image, a file that cannot be converted is named with its reason, the others are done, and the exit
# status is 4: damage, blocks of two owners, no block for a map that grows (quota: edit/quota/refuses.sh).
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/convert/common.sh"

left() {
	jq -r 'select(.type == "skipped" and .left) | "\(.path // "") \(.why)"' out
}

# a map that leaves the file system, and a checksum that is wrong
dirty_image image 32 4096
slot=$(debugfs -R 'imap /plain' image 2>/dev/null | sed -n 's/.*block \([0-9]*\), offset \(0x[0-9a-f]*\).*/\1 \2/p')
read -r block off <<<"$slot"
printf '\377' | dd of=image bs=1 seek=$((block * 4096 + off + 0x28 + 12 + 8)) conv=notrunc status=none
run_e4zero 4 --json --convert hole image
same 'left' "$(left)" "/plain the inode's checksum is wrong"
same 'the others' "$(states image /file) $(states image /zeroes)" '0+10:written 10+40:hole 50+1:written 0+8:hole'
untouched 8 'checksum|corrupt' image --convert hole image "<13>"

# one block, two owners: not zeroed for either of them, though the one that sees it is another file
dirty_image image 32 4096 -O ^metadata_csum
shared=$(physical image /plain 3)
debugfs_script image <<-END2
	fallocate empty 0 3
	sif empty size 16384
END2
read -r block off <<<"$(debugfs -R 'imap /empty' image 2>/dev/null |
	sed -n 's/.*block \([0-9]*\), offset \(0x[0-9a-f]*\).*/\1 \2/p')"
python3 - image $((block * 4096 + off + 0x28 + 12)) "$shared" <<-'END2'
	import struct, sys
	with open(sys.argv[1], "r+b") as f:
	    f.seek(int(sys.argv[2]))
	    f.write(struct.pack("<IHHI", 0, 32768 + 4, 0, int(sys.argv[3])))
END2
dd if=image bs=4096 skip="$shared" count=4 status=none >before
run_e4zero 4 --json --convert written image
same 'left' "$(left | cut -d' ' -f1 | sort | paste -sd ' ')" '/empty /plain'
dd if=image bs=4096 skip="$shared" count=4 status=none | cmp - before || fail 'a block of another file was zeroed'
same 'the others' "$(states image /file)" '0+40:written 40+10:hole 50+1:written'
# and what the bitmap says is free is never zeroed, named or not
dirty_image image 32 4096
free=$(physical image /file 12)
debugfs_script image <<<"freeb $free"
untouched 8 'mapped but marked as free' image --convert written image /file
run_e4zero 4 --json --convert written image
same 'left' "$(left)" "/file block $free is mapped but marked as free"
# nor if the bitmap cannot be trusted
dirty_image image 32 4096
bitmap=$(dumpe2fs image 2>/dev/null | sed -n 's/^  Block bitmap at \([0-9]*\).*/\1/p')
printf '\377' | dd of=image bs=1 seek=$((bitmap * 4096 + 1000)) conv=notrunc status=none
untouched 8 "block bitmap's checksum" image --convert written image /file

# every second block of a file becomes unwritten, its map needs a block, and there is none
make_image image 8M -m 0 -O ^has_journal
head -c 40960 /dev/zero | tr '\0' x >ten
debugfs_script image <<-END2
	write ten small
	zap_block -f small 1
	zap_block -f small 3
	zap_block -f small 5
	write ten other
	zap_block -f other 9
END2
head -c 6M /dev/zero | tr '\0' y >fill
head -c 4096 ten >one
# more than there is room for
{ echo 'write fill fill'; for ((i = 0; i < 600; i++)); do echo "write one one$i"; done; } |
	debugfs -w -f - image >debugfs.log 2>&1
e2fsck -fy image >fsck.log 2>&1
same 'free blocks' "$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Free blocks: *//p')" 0
debugfs -R 'dump /small want' image >debugfs.log 2>&1
run_e4zero 4 --json --convert unwritten image
same 'left' "$(left)" '/small allocating a block: No space left in the file system'
same 'the other' "$(states image /other)" '0+9:written 9+1:unwritten'
holds image /small want
sound image
untouched 8 'No space' image --convert unwritten image /small
