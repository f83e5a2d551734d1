#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Images whose writer has crashed. Those that QEMU can open are checked and edited as if they had been closed, and are
# consistent afterwards. Those that need a repair first are refused; the message has the command. An edit is recorded in
# enabled bitmaps, and does not change snapshots.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
requires qemu-io

export SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000

stale_image made.img
"$E4ZERO" -q --check made.img >made.said
text many 3000000 'what takes many clusters '
cp made.img fixed.img
run_e4zero 0 --fix fixed.img

# crash FORMAT: image.img is made.img, after a crash of a program that wrote to 64 KiB of free space
crash() {
	rm -f image.img
	into "$1" made.img image.img
	# in a subshell, which prints that qemu-io was aborted
	(qemu-io -f "${qemu_format[$1]%% *}" -c 'write -P 0 15M 64k' -c flush -c abort image.img; :) >qemu-io.out 2>&1
	remember_image image.img
}
qemu_format[lazy]='qcow2 -o lazy_refcounts=on'

broad formats 3 lazy qed vhdx vmdk vdi vhd small-clusters qcow2
for format in "${formats[@]}"; do
	crash "$format"
	[ "$format" != lazy ] || ! qemu-img check image.img >qemu-img.out 2>&1 || fail 'it was closed'
	run_e4zero 4 -q --check image.img
	sed 's/image\.img/made.img/' out | cmp - made.said || fail "$format: another report"
	run_e4zero 0 --fix --dry-run image.img
	run_e4zero 0 --replay image.img
	image_unchanged image.img
	run_e4zero 0 --fix image.img
	out_of "$format" image.img disk.img
	cmp fixed.img disk.img || fail "$format: another disk"
	consistent image.img
done

# all reference counts of an image with the dirty bit may be wrong: they are rebuilt before the first write
rm -f good.img
into lazy made.img good.img
python3 "$srcdir/tests/source/hostile.py" qcow2 counts-0 good.img image.img
printf '\1' | dd of=image.img bs=1 seek=79 conv=notrunc status=none # the dirty bit
run_e4zero 0 --write -o 0 --from many image.img /clean
consistent image.img
out_of qcow2 image.img disk.img
holds disk.img /clean many
e2fsck -fn disk.img >e2fsck.out 2>&1 || fail "e2fsck: $(cat e2fsck.out)"

# images that need a repair first
repairs='"qemu-img check -r all"'
crash parallels
run_e4zero 4 -q --check image.img
untouched 8 "was not closed.*$repairs" image.img --fix image.img
qemu-img check -q -r all image.img >qemu-img.out 2>&1
run_e4zero 0 --fix image.img
out_of parallels image.img disk.img
cmp fixed.img disk.img || fail 'parallels: another disk'

# the log of a VHDX holds the current block of /tail, the image has an older one
rm -f image.img
dd if=made.img of=new bs=4096 skip="$(physical made.img /tail 1)" count=1 status=none
tr x y <new >old
cp made.img old.img
dd if=old of=old.img bs=4096 seek="$(physical made.img /tail 1)" conv=notrunc status=none
into vhdx old.img image.img
python3 "$srcdir/tests/source/states/vhdx-log.py" image.img old new || fail 'vhdx-log.py'
for verb in --check --fix --replay; do
	untouched 8 "the log of the VHDX image has to be replayed, which $repairs does" image.img $verb image.img
done
qemu-img check -q -r all image.img >qemu-img.out 2>&1
run_e4zero 0 --fix image.img
out_of vhdx image.img disk.img
cmp fixed.img disk.img || fail 'the log is lost'

# an enabled bitmap records what an edit wrote; a disabled one stays empty
dirty_blocks() { # BITMAP
	local where="driver=nbd,server.type=unix,server.path=$PWD/socket"
	qemu-nbd --fork -r -k "$PWD/socket" -B "$1" -f qcow2 image.img || fail "no bitmap $1"
	qemu-img map --output=json --image-opts "$where,x-dirty-bitmap=qemu:dirty-bitmap:$1" >map.out || fail "$1: no map"
	grep '"data": false' map.out | grep -Eo '"start": [0-9]+'
}
rm -f image.img
into qcow2 made.img image.img
qemu-img bitmap --add -g 4096 image.img enabled
qemu-img bitmap --add -g 4096 --disable image.img disabled
qemu-img snapshot -c before image.img
run_e4zero 0 --fix image.img
consistent image.img
[ "$(dirty_blocks disabled)" = '' ] || fail "a bitmap that was disabled: $(cat map.out)"
tail=$(($(physical made.img /tail 1) * 4096))
dirty_blocks enabled | grep -qx "\"start\": $tail" || fail "the edit is not in the bitmap: $(cat map.out)"
qemu-img convert -f qcow2 -O raw -l before image.img disk.img || fail 'the snapshot is gone'
cmp made.img disk.img || fail 'the snapshot has changed'
no_child
