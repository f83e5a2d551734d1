#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An undo in a partition concerns nobody who has another one, as the edit did not, also where nothing but the undo file
# says which partition it was.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires_loop
requires python3
requires mke2fs

edit_image part
truncate -s 40M disk
python3 - <<'END'
import struct
table = bytearray(512)
for n, start in enumerate((2048, 34816)):
    table[446 + 16 * n:462 + 16 * n] = struct.pack("<BBBBBBBBII", 0, 0, 2, 0, 0x83, 0, 2, 0, start, 32768)
table[510:] = b"\x55\xaa"
open("disk", "r+b").write(table)
END
dd if=part of=disk bs=1M seek=1 conv=notrunc,sparse status=none
dd if=part of=disk bs=1M seek=17 conv=notrunc,sparse status=none
cp disk before

attach_loop other disk -o 17M --sizelimit 16M
run_e4zero 0 --undo undo --partition 1 --truncate 100 disk /file
run_e4zero 0 --undo-apply undo disk
cmp disk before || fail 'it is not taken back'
run_e4zero 0 --undo second --partition 1 --truncate 100 disk /file
detach_loop "$other"

# what overlaps by a sector does
attach_loop other disk -o $(((17 << 20) - 512)) --sizelimit 16M
run_e4zero 8 --undo-apply second disk
grep -q "attached to $other" err || fail "$(cat err)"
detach_loop "$other"

# a partition that the image does not hold to its end
truncate -s 17000000 disk
run_e4zero 0 --undo-apply second disk
cmp -n 17000000 disk before || fail 'it is not taken back in a short image'

# nor where the primary GPT is all that says where it ends
requires sfdisk
truncate -s 64M cut
printf 'label: gpt\nstart=2048, size=32768\nstart=34816, size=32768\n' | sfdisk -q --no-tell-kernel cut || fail sfdisk
for at in 1 17; do
	dd if=part of=cut bs=1M seek=$at conv=notrunc,sparse status=none
done
truncate -s 33M cut
cp cut before
attach_loop other cut -o 17M
run_e4zero 0 --undo third --partition 1 --truncate 100 cut /file
run_e4zero 0 --undo-apply third cut
cmp cut before || fail 'it is not taken back in a cut disk'
detach_loop "$other"
