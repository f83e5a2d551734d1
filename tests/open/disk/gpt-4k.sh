#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A partition table of 4096-byte sectors is read from a plain file.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires_loop
requires mke2fs
requires sfdisk
truncate -s 64M disk.img
[[ $(losetup --help) = *--sector-size* ]] || skip 'losetup takes no sector size here'
attach_loop dev disk.img -b 4096
sfdisk -q --no-tell-kernel "$dev" <<-END >sfdisk.out 2>&1 || fail "sfdisk: $(cat sfdisk.out)"
	label: gpt
	start=1024, size=4096, name=first
	start=8192, size=4096, name=second
END
detach_loop "$dev"
put_ext disk.img 32 16
opens_at $((32 << 20)) disk.img
put_ext disk.img 4 16
refuses 'several ext file systems' disk.img
opens_at $((4 << 20)) --partition first disk.img
opens_at $((32 << 20)) --partition second disk.img
