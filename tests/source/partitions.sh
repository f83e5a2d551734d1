#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Partitions are found and listed in an image in QEMU's formats as on the raw disk: GPT, MBR with logical partitions, sectors
# of 4 KiB, partitions without an ext file system.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
requires sfdisk

stale_image fs.img
make_image other.img 16M -L other
truncate -s 16M swap.img
mkswap -q swap.img 2>/dev/null || skip 'mkswap does not work here'

# disk: make raw.img and image.img, with fs.img at 1 MiB, other.img at 20 MiB, swap.img at 40 MiB, and the partition table
# that sfdisk makes of standard input
disk() {
	rm -f raw.img
	truncate -s 64M raw.img
	sfdisk -q "$@" raw.img >sfdisk.out 2>&1 || fail "sfdisk: $(cat sfdisk.out)"
	dd if=fs.img of=raw.img bs=1M seek=1 conv=notrunc,sparse status=none
	dd if=other.img of=raw.img bs=1M seek=20 conv=notrunc,sparse status=none
	dd if=swap.img of=raw.img bs=1M seek=40 conv=notrunc,sparse status=none
	rm -f image.img
	into "${format:-qcow2}" raw.img image.img
}

# same_as_raw ARGUMENTS...: the exit status, the report and the messages of both images are equal
same_as_raw() {
	local image rc
	for image in raw image; do
		"$E4ZERO" --json "${@//IMAGE/$image.img}" >$image.out 2>$image.err </dev/null
		rc=$?
		{ cat $image.out; cat $image.err; } | sed "s/$image\.img/IMAGE/g; s/\"seconds\":[0-9.]*//; s/\"bytes_read\":[0-9]*//" >$image.said
		echo "exit $rc" >>$image.said
	done
	cmp raw.said image.said || fail "$*: $(diff raw.said image.said | head -10)"
}

gpt='label: gpt
start=2048, size=32768, name="root", type=L
start=40960, size=32768, name="data", type=L
start=81920, size=32768, name="swap", type=S'
mbr='label: dos
start=2048, size=32768, type=83
start=36864, size=92160, type=5
start=40960, size=32768, type=83
start=81920, size=32768, type=82'
for format in qcow2 vmdk; do
	for table in "$gpt" "$mbr"; do
		disk <<<"$table"
		same_as_raw IMAGE
		has_line 'exit 8' image.said || fail "several were not found: $(cat image.said)"
		has_line 'partition 1 ' image.said || fail "no list: $(cat image.said)"
		same_as_raw --partition 1 IMAGE
		has_line 'stale-tail' image.said || fail "$(cat image.said)"
		same_as_raw --partition LABEL=other IMAGE
		same_as_raw --partition 9 IMAGE
		same_as_raw 'IMAGE?offset=1M'
		same_as_raw 'IMAGE?offset=21M'
	done
done
disk <<<"$gpt"
same_as_raw --partition PARTLABEL=data IMAGE
same_as_raw --partition 3 IMAGE
# the header of the primary GPT is gone
dd if=/dev/zero of=raw.img bs=512 seek=1 count=1 conv=notrunc status=none
rm -f image.img
into qcow2 raw.img image.img
same_as_raw --partition 1 IMAGE

# sectors of 4 KiB: not every sfdisk can make such a table in a file
python3 - <<-'END'
	import struct, uuid, zlib
	disk = bytearray(64 << 20)
	sector, first, count = 4096, 6, 64 * 256
	entries = bytearray(128 * 128)
	linux = uuid.UUID('0fc63daf-8483-4772-8e79-3d69d8477de4').bytes_le
	entries[0:128] = struct.pack('<16s16sQQQ72s', linux, uuid.UUID(int=7).bytes_le, 256, 256 + 4095, 0, 'root'.encode('utf-16le'))
	def header(at, other, table):
	    raw = struct.pack('<8sIIIIQQQQ16sQIII', b'EFI PART', 0x10000, 92, 0, 0, at, other, first, count - 7,
	                      uuid.UUID(int=9).bytes_le, table, 128, 128, zlib.crc32(entries))
	    return raw[:16] + struct.pack('<I', zlib.crc32(raw)) + raw[20:]
	disk[446:462] = struct.pack('<B3sB3sII', 0, b'\0\2\0', 0xee, b'\xff\xff\xff', 1, count - 1)
	disk[510:512] = b'\x55\xaa'
	disk[sector:sector + 92] = header(1, count - 1, 2)
	disk[2 * sector:2 * sector + len(entries)] = entries
	disk[(count - 1) * sector:(count - 1) * sector + 92] = header(count - 1, 1, count - 5)
	disk[(count - 5) * sector:(count - 5) * sector + len(entries)] = entries
	fs = open('fs.img', 'rb').read()
	disk[1 << 20:(1 << 20) + len(fs)] = fs
	open('raw.img', 'wb').write(disk)
END
rm -f image.img
into qcow2 raw.img image.img
same_as_raw IMAGE
has_line '"fs_offset":1048576' image.said || fail "sectors of 4 KiB: $(cat image.said)"
no_child
