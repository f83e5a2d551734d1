#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole-disk images: the only ext file system is selected automatically, whatever the partition table.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires sfdisk

# disk: an image with the partition table that standard input describes
disk() {
	rm -f disk.img
	truncate -s 64M disk.img
	sfdisk -q --no-tell-kernel disk.img >sfdisk.out 2>&1 || fail "sfdisk: $(cat sfdisk.out)"
}

disk <<-END
	label: gpt
	start=4MiB, size=8MiB, type=swap
	start=16MiB, size=32MiB, name=root
END
put_ext disk.img 16 32
opens_at $((16 << 20)) disk.img
opens_at $((16 << 20)) --partition 2 disk.img
refuses 'no ext superblock' --partition 1 disk.img
refuses 'no partition is called "3"' --partition 3 disk.img

disk <<-END
	label: dos
	start=1MiB, size=4MiB, type=82
	start=8MiB, size=48MiB, type=5
	start=10MiB, size=8MiB, type=83
	start=24MiB, size=16MiB, type=83
END
put_ext disk.img 24 16
opens_at $((24 << 20)) disk.img
opens_at $((24 << 20)) --partition 6 disk.img
