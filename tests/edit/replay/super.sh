#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A log that makes another file system of the image: one that grew is seen as it will be; one whose own place or block
# size would be another, or that writes past the device, is refused by every verb, in one sentence.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

mklog() {
	python3 "$srcdir/tests/images/mklog.py" "$@" >mklog.out 2>&1 || fail "mklog.py $*: $(cat mklog.out)"
}

# super FROM TO OFFSET BYTES: the block of FROM's superblock with other bytes, big-endian ones
super() {
	python3 - "$@" <<-'END2'
	import struct, sys
	sys.path.insert(0, sys.argv[5])
	import mklog
	sb = bytearray(open(sys.argv[1], "rb").read(4096))
	at, data = 1024 + int(sys.argv[3], 0), bytes.fromhex(sys.argv[4])
	sb[at:at + len(data)] = data
	sb[1024 + 0x60] |= mklog.RECOVER
	new = sb[1024:2048]
	mklog.seal_super(new)
	sb[1024:2048] = new
	open(sys.argv[2], "wb").write(sb)
	END2
}

# all_refuse PATTERN: each verb, of image
all_refuse() {
	untouched 8 "$1" image --check image
	untouched 8 "$1" image --replay image
	untouched 8 "$1" image --fix image
	untouched 8 "$1" image --truncate 5 image /file
}

edit_image clean
while read -r field offset bytes pattern; do
	cp clean image
	super clean block "$offset" "$bytes" "$srcdir/tests/images"
	mklog image 0=block
	all_refuse "$pattern" || fail "$field"
done <<-END2
	magic 0x38 1234 has no magic number;
	log_block_size 0x18 00 has another block size than the file system;
	journal_inum 0xe0 09 has another journal or none;
	has_journal 0x5c 38 has another journal or none;
END2

# the journal's own inode: its block in the table, with another first block
cp clean image
read -r block at < <(debugfs -R 'imap <8>' clean 2>/dev/null | sed -n 's/.*located at block \([0-9]*\), offset \(0x[0-9a-f]*\)/\1 \2/p')
dd if=clean of=table bs=4096 skip="$block" count=1 status=none
python3 - table $((at + 0x28 + 20)) <<-'END2'
	import sys
	f = open(sys.argv[1], "r+b")
	f.seek(int(sys.argv[2]))
	start = int.from_bytes(f.read(4), "little")
	f.seek(int(sys.argv[2]))
	f.write((start + 1).to_bytes(4, "little"))
END2
mklog image "$block=table"
all_refuse 'its own inode has other blocks; "e2fsck -fy'

# past the end of the device
cp clean image
mklog image $((16 << 20 >> 12))=ten
all_refuse 'it writes past the end of the device; '

# a feature that is on in the log only
cp clean image
super clean block 0x5c 3e "$srcdir/tests/images"
mklog image 0=block
run_e4zero 0 --json image
grep -q '"features":.*"imagic_inodes"' out || fail "$(head -1 out)"

# it was growing when it crashed: what is new lies past the end of what it was
make_image large 24M -J location=1024
make_image small 8M -J location=1024
debugfs_script large <<<'write ten file'
cp small image
mklog image --become large
remember_image image
run_e4zero 0 --json image
same blocks "$(field blocks image)" $((24 << 20 >> 12))
image_unchanged image
cp image edited
run_e4zero 0 --replay image
sound image
holds image /file ten
run_e4zero 0 --truncate 6000 edited /file
head -c 6000 ten >model
holds edited /file model
sound edited

# the same, before its superblock was in the log
cp small image
truncate -s 24M image
mklog image --at 20 5000=ten
run_e4zero 0 --json --replay image
sound image
