#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file system that is larger than its partition, or a partition beyond the image, is refused with the number.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires sfdisk
truncate -s 64M disk.img
sfdisk -q --no-tell-kernel disk.img <<-END >/dev/null || fail sfdisk
	label: dos
	start=4MiB, size=8MiB, type=83
	start=20MiB, size=40MiB, type=83
END
put_ext disk.img 4 12
refuses "$((4 << 20)) bytes larger than partition 1" disk.img
refuses "$((4 << 20)) bytes larger than partition 1" --partition 1 disk.img
refuses "$((4 << 20)) bytes larger than partition 1" 'disk.img?offset=4M'
put_ext disk.img 4 8
opens_at $((4 << 20)) disk.img

dd if=/dev/zero of=disk.img bs=1M seek=4 count=8 conv=notrunc status=none
put_ext disk.img 20 40
opens_at $((20 << 20)) disk.img
truncate -s 50M disk.img
refuses "partition 2 ends $((10 << 20)) bytes past the end" --partition 2 disk.img
