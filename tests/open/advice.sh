#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a refusal advises works: the command is taken from the message, is run, and the image opens after it.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires debugfs
requires e2fsck
requires python3

# advised PATTERN IMAGE [ARGUMENTS...]: refused with PATTERN, unchanged; then the quoted e2fsck is run, as it stands.
advised() {
	local command rc
	remember_image "$2"
	refuses "$1" "${@:2}"
	image_unchanged "$2"
	command=$(grep -o '"e2fsck -[^"]*"' err | head -1 | tr -d '"')
	[ -n "$command" ] || fail "no command in: $(cat err)"
	eval "$command </dev/null" >e2fsck.out 2>&1
	rc=$?
	[ $rc -le 1 ] || fail "$command: exit $rc: $(cat e2fsck.out)"
	run_e4zero 0 "${@:2}"
}

# log_block IMAGE N: the byte that block N of the journal begins at
log_block() { echo $(($(debugfs -R "bmap <8> $2" "$1" 2>/dev/null) * 4096)); }
poke() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# a file system whose log holds a transaction with checksums
make_ext fs.img 24M -b 4096 -O metadata_csum
head -c 4096 /dev/urandom >block
debugfs -w -f /dev/stdin fs.img >debugfs.out 2>&1 <<-END
	jo -c
	jw -b 3000 block
	jc
END
dumpe2fs -h fs.img 2>/dev/null | grep -q needs_recovery || fail 'debugfs wrote no transaction'
cp fs.img torn.img
poke torn.img $(($(log_block torn.img 2) + 2000)) XXXX
advised 'a block of it fails its checksum' torn.img
cp fs.img 'it is torn.img'
poke 'it is torn.img' "$(log_block torn.img 0)" XXXX
advised 'superblock' 'it is torn.img'
cp fs.img torn.img
debugfs -w -R 'sif <8> mode 0' torn.img >/dev/null 2>&1
advised "journal's inode" torn.img
# a name that looks like an option
cp fs.img ./-torn.img
poke ./-torn.img $(($(log_block fs.img 2) + 2000)) XXXX
refuses '"e2fsck -fy \./-torn\.img"' -- -torn.img
# at an offset e2fsck replays and then loses the file system: a device is advised
truncate -s 40M disk.img
dd if=./-torn.img of=disk.img bs=1M seek=4 conv=notrunc status=none
refuses '"e2fsck -fy DEVICE".*"losetup --find --show --offset 4194304 disk.img"' 'disk.img?offset=4M'

# fast commits: the area's first block says that it belongs to the next transaction
make_ext fast.img 64M -b 4096 -O fast_commit -J size=8
python3 - fast.img <<-'END'
	import struct, subprocess, sys
	def crc32c(crc, data):
	    for byte in data:
	        crc ^= byte
	        for _ in range(8):
	            crc = crc >> 1 ^ 0x82f63b78 * (crc & 1)
	    return crc
	with open(sys.argv[1], "r+b") as f:
	    image = bytearray(f.read())
	    log = image.find(bytes.fromhex("c03b399800000004"))
	    while log % 4096:
	        log = image.find(bytes.fromhex("c03b399800000004"), log + 1)
	    blocks, fc = (struct.unpack_from(">I", image, log + at)[0] for at in (0x10, 0x54))
	    struct.pack_into(">I", image, log + 0x28, struct.unpack_from(">I", image, log + 0x28)[0] | 0x20)
	    seq, = struct.unpack_from(">I", image, log + 0x18)
	    struct.pack_into(">I", image, log + 0x1c, 1)
	    struct.pack_into(">I", image, log + 0xfc, 0)
	    struct.pack_into(">I", image, log + 0xfc, crc32c(0xffffffff, image[log:log + 1024]))
	    bmap = ["debugfs", "-R", "bmap <8> %d" % (blocks - (fc or 256) + 1), sys.argv[1]]
	    area = int(subprocess.run(bmap, capture_output=True).stdout) * 4096
	    head = struct.pack("<HHII", 9, 8, 0, seq)
	    tail = struct.pack("<HHI", 8, 8, seq)
	    image[area:area + 24] = head + tail + struct.pack("<I", crc32c(crc32c(0, head), tail))
	    f.seek(0)
	    f.write(image)
END
debugfs -w -R 'feature needs_recovery' fast.img >/dev/null 2>&1
advised 'holds fast commits.*e2fsck -p.*a mount' fast.img

# errors, for which there is an option, too
make_ext errors.img 8M
debugfs -w -R 'write block f' errors.img >/dev/null 2>&1
debugfs -w -R 'ssv state 2' errors.img >/dev/null 2>&1
advised 'marked as having errors; "e2fsck -fy errors.img" repairs it, --force edits it anyway' errors.img --truncate 5 /f
debugfs -w -R 'ssv state 2' errors.img >/dev/null 2>&1
run_e4zero 0 --force --truncate 4 errors.img /f

# two file systems: a copy of the command, see several.sh; and a journal that is not there
truncate -s 8M journal
mke2fs -q -F -O journal_dev -b 4096 journal || fail mke2fs
make_ext far.img 8M -b 4096 -O ^has_journal
debugfs -w -f /dev/stdin far.img >/dev/null 2>&1 <<-END
	feature has_journal needs_recovery
	ssv journal_uuid $(dumpe2fs -h journal 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')
END
mkdir elsewhere
mv journal elsewhere
refuses 'the external journal, UUID .*; --journal-device FILE names it$' far.img
