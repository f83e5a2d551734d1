#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk image that was cut after its last partition: the primary GPT is used, with a note, and only if it is whole.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires sfdisk
requires python3

truncate -s 128M whole.img
sfdisk -q --no-tell-kernel whole.img <<-END >/dev/null || fail sfdisk
	label: gpt
	start=2048, size=32768, name="a swap"
	start=34816, size=65536, name="würzel", uuid=11111111-2222-3333-4444-555555555555
	start=100352, size=40960
END
put_ext whole.img 17 32 -L root
head -c $(((34816 + 65536) * 512)) whole.img >cut.img
remember_image cut.img
for name in 2 'PARTLABEL=würzel' LABEL=root 11111111-2222-3333-4444-555555555555; do
	opens_at $((34816 * 512)) --partition "$name" cut.img
	grep -q '"notes":\[.*82837504 bytes.*backup of its GPT.*primary' out || fail "no note: $(head -1 out)"
done
opens_at $((34816 * 512)) cut.img
grep -q 'note: .*GPT' err || fail "$(cat err)"
refuses 'partition 3 ends 20971520 bytes past the end' --partition 3 cut.img
refuses 'no partition is called "9"; select one:' --partition 9 cut.img
image_unchanged cut.img
# an edit goes to the right place
cp --sparse=always cut.img edited.img
printf x >x
debugfs -w -R 'write x f' "edited.img?offset=$((34816 * 512))" >/dev/null 2>&1
run_e4zero 0 --truncate 5000 edited.img /f
e2fsck -fn "edited.img?offset=$((34816 * 512))" >e2fsck.out 2>&1 || fail "$(cat e2fsck.out)"
cmp -n $((34816 * 512)) edited.img cut.img || fail 'something before the partition was changed'

# with sectors of 4096 bytes, made here: nothing else is different
big() {
	python3 - "$1" "${2-}" <<-'END'
		import struct, sys, zlib
		name, fault = sys.argv[1:]
		entry = struct.pack("<16s16sQQQ72s", b"\x01" * 16, b"\x02" * 16, 256, 256 + 8191, 0, "big".encode("utf-16-le"))
		entries = bytearray(entry.ljust(128 * 128, b"\0"))
		def header(crc):
		    return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, 1, 32767, 6, 32761,
		                       b"\x03" * 16, 2, 128, 128, zlib.crc32(entries))
		h = bytearray(header(zlib.crc32(header(0))))
		if fault == "header":
		    h[40] ^= 1
		if fault == "entries":
		    entries[128] ^= 1
		with open(name, "r+b") as f:
		    if fault != "mbr":
		        f.seek(446)
		        f.write(b"\0\0\2\0\xee\xff\xff\xff\1\0\0\0\xff\xff\xff\xff".ljust(64, b"\0") + b"\x55\xaa")
		    f.seek(4096)
		    f.write(h)
		    f.seek(8192)
		    f.write(entries)
	END
}
truncate -s 33M big.img
put_ext big.img 1 32
big big.img
opens_at 1048576 big.img
opens_at 1048576 --partition big big.img
# what is not whole is no table
for fault in header entries mbr; do
	truncate -s 0 big.img
	truncate -s 33M big.img
	put_ext big.img 1 32
	big big.img $fault
	refuses 'there is no partition table' --partition 1 big.img
done
