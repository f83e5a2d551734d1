#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An image in QEMU's formats on a block device, for example a logical volume, is checked and edited like one in a file. A
# full device is handled like a full file system of the host.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
requires_loop
export SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000

stale_image made.img
text many 3000000 'what takes many clusters '
"$E4ZERO" -q --check made.img >made.said
cp made.img fixed.img
run_e4zero 0 --fix fixed.img

# on_device SPACE: $device is a device with image.img and at least SPACE bytes more, in whole MiB
on_device() {
	local size
	size=$(stat -c %s image.img)
	truncate -s $(((size + $1 + 1048575) / 1048576 * 1048576)) image.img
	attach_loop device image.img
}

# QEMU's other drivers append new blocks at the end of the device, where there is no space
broad formats 1 qcow2 vdi
for format in "${formats[@]}"; do
	rm -f image.img
	into "$format" made.img image.img
	on_device 16777216
	run_e4zero 4 -q --check "$device"
	sed "s#$device#made.img#" out | cmp - made.said || fail "$format: another report"
	untouched 8 'No such file|not found' image.img --truncate 1 "$device" /missing
	run_e4zero 0 --fix "$device"
	out_of "$format" "$device" disk.img
	cmp fixed.img disk.img || fail "$format: another disk"
	run_e4zero 0 --write -o 0 --from many "$device" /clean
	out_of "$format" "$device" disk.img
	holds disk.img /clean many
	detach_loop "$device"

	# a device without space for the data
	rm -f image.img
	into "$format" made.img image.img
	on_device 0
	"$E4ZERO" --write -o 0 --from many "$device" /clean >out 2>err
	rc=$?
	[ $rc = 8 ] || [ $rc = 12 ] || fail "$format: no room: exit $rc: $(cat err)"
	has_line 'No space left on device' err || fail "$format: no room: $(cat err)"
	out_of "$format" "$device" disk.img
	[ $rc = 12 ] || cmp made.img disk.img || fail "$format: exit 8, and the disk is another one"
	run_e4zero 0 --replay "$device"
	out_of "$format" "$device" disk.img
	holds disk.img /clean eight
	detach_loop "$device"
done
no_child
