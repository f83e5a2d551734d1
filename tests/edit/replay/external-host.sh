#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An external journal that is a block device of this host is found by its UUID, wherever it is; an edit goes through it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires_loop
requires python3

mkdir there here
truncate -s 16M there/journal.img
uuid=$(python3 -c 'import uuid; print(uuid.uuid4())')
mke2fs -q -F -O journal_dev -b 4096 -U "$uuid" there/journal.img >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
attach_loop device there/journal.img
# mke2fs wants the device for the two to know each other
mke2fs -q -F -t ext4 -b 4096 -J device="$device" here/image 16M >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
yes 'line of text' | head -c 10000 >ten
debugfs_script here/image <<<'write ten file'

remember_image here/image
run_e4zero 0 --json here/image
same journal "$(field journal image)" external
image_unchanged here/image
run_e4zero 0 --json --truncate 5000 here/image /file
same transactions "$(field transactions summary)" 1
e2fsck -fn -j "$device" here/image >e2fsck.out 2>&1 || fail "e2fsck: $(cat e2fsck.out)"
head -c 5000 ten >model
holds here/image /file model

# a transaction that is not home yet: the first block of the file
yes other | head -c 4096 >block
python3 - "$device" "$(physical here/image /file 0)" block <<-'END'
import struct, sys
device, at, content = open(sys.argv[1], "r+b", 0), int(sys.argv[2]), open(sys.argv[3], "rb").read()
BS, MAGIC = 4096, 0xc03b3998
device.seek(BS)
sb = bytearray(device.read(BS))
tid, = struct.unpack_from(">I", sb, 24)
assert struct.unpack_from(">I", sb, 36)[0] & 0x1a == 0, "checksums"
struct.pack_into(">I", sb, 28, 2)
for n, block in enumerate((sb, struct.pack(">IIIII16s", MAGIC, 1, tid, at, 8, bytes(16)), content,
                           struct.pack(">III", MAGIC, 2, tid)), 1):
    device.seek(n * BS)
    device.write(block.ljust(BS, b"\0"))
END
debugfs_script here/image <<<'feature needs_recovery'
remember_image here/image
run_e4zero 0 --json here/image
same view "$(field view image)" replayed
image_unchanged here/image
run_e4zero 0 --json --replay here/image
same replayed "$(field replayed summary)" 1
cat block <(tail -c +4097 model) >wanted
holds here/image /file wanted
e2fsck -fn -j "$device" here/image >e2fsck.out 2>&1 || fail "e2fsck: $(cat e2fsck.out)"

# a copy of it is as good as a wrong one
cp there/journal.img there/copy.img
attach_loop second there/copy.img
untouched 8 "both .*--journal-device" here/image --truncate 1 here/image /file
run_e4zero 0 --truncate 1 --journal-device "$device" here/image /file
