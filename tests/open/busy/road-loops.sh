#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same bytes through loop devices: over the image file, over the device that was given, over a partition of it, over
# each other. An edit is refused whichever end is named; what does not overlap does not count.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires_loop
requires mke2fs
requires addpart
truncate -s 64M disk.img
put_ext disk.img 4 24
put_ext disk.img 32 24
mkdir mnt

# a device is edited, though it is a loop device itself
attach_loop low disk.img
scribble 0 "$low?offset=4194304" sync

# one over it, where the file system is: both ends are refused, the file between them too
attach_loop high "$low" -o $((4 << 20)) --sizelimit $((24 << 20))
refused "attached to $high" "$low?offset=4194304"
refused 'attached to /dev/loop' 'disk.img?offset=4M'
scribble 0 "$low?offset=33554432" sync
scribble 0 "$high" sync
mount "$high" mnt || fail mount
cleanup_fn umount "$tmp/mnt"
refuses "mounted: $high on" "$low?offset=4M"
refuses "mounted: $high on" 'disk.img?offset=4M'
refused "mounted: $high on" "$low?offset=4194304"
refuses 'mounted' "$high"
opens "$low?offset=32M"

# two over one file: the other one's mount counts, one's own attachment does not
attach_loop other disk.img -o $((4 << 20)) --sizelimit $((24 << 20))
refused "mounted: $high on" "$other"
umount mnt
forget_cleanup umount "$tmp/mnt"
detach_loop "$high"
refused "attached to $low" "$other"
detach_loop "$other"

# over a partition, and the disk is named
addpart "$low" 1 8192 49152 || skip 'the kernel adds no partitions to loop devices'
cleanup_fn delpart "$low" 1
[ -b "${low}p1" ] || skip 'no device node appears for a new partition'
attach_loop high "${low}p1"
refused "attached to $high" "$low?offset=4194304"
refused "attached to $high" "${low}p1"
scribble 0 "$high" sync
mount "$high" mnt || fail mount
cleanup_fn umount "$tmp/mnt"
refused "mounted: $high on" "$low?offset=4194304"
refused "mounted: $high on" "${low}p1"
umount mnt
forget_cleanup umount "$tmp/mnt"
detach_loop "$high"

# swap space in the middle of the place
requires mkswap
requires swapon
delpart "$low" 1 && forget_cleanup delpart "$low" 1
addpart "$low" 2 $((24 << 11)) 4096 || fail addpart
cleanup_fn delpart "$low" 2
if mkswap "${low}p2" >mkswap.out 2>&1 && swapon "${low}p2" 2>swapon.err; then
	cleanup_fn swapoff "${low}p2"
	refuses "in use: ${low}p2 is swap space" "$low?offset=4M"
	refuses "in use: ${low}p2 is swap space" 'disk.img?offset=4M'
	opens "$low?offset=32M"
else
	skip "no swap space can be had here: $(cat mkswap.out swapon.err)"
fi
