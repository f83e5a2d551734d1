#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A partition of a loop device is seen as mounted, and only where it overlaps the place.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires_loop
requires mke2fs
requires addpart
truncate -s 64M disk.img
put_ext disk.img 4 24
put_ext disk.img 32 24
mkdir mnt
attach_loop whole disk.img
addpart "$whole" 1 8192 49152 || skip 'the kernel adds no partitions to loop devices'
cleanup_fn delpart "$whole" 1
[ -b "${whole}p1" ] || skip 'no device node appears for a new partition'
mount "${whole}p1" mnt || fail mount
cleanup_fn umount "$tmp/mnt"
refuses 'mounted: /dev/loop[0-9]+p1' 'disk.img?offset=4M'
refuses 'mounted' "$whole?offset=4M"
refuses 'mounted' "${whole}p1"
opens 'disk.img?offset=32M'
