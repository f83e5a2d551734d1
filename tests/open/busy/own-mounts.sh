#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests do to the machine stays theirs: no other process gets their mounts, which would keep them and their loop
# devices, and a loop device has no partitions of a test that was killed.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"

requires_root
requires unshare -m true
mkdir mnt
mount -t tmpfs none mnt || skip 'no tmpfs can be mounted'
cleanup_fn umount "$tmp/mnt"
grep -q " $tmp/mnt " /proc/self/mountinfo || fail 'nothing is mounted'
! grep -q " $tmp/mnt " "/proc/$PPID/mountinfo" || fail 'whoever runs the tests has the mount'
# as of a test that does not say that it mounts
(
	unset own_mounts E4ZERO_OWN_MOUNTS
	fail() {
		echo "$*"
		exit 3
	}
	mount -t tmpfs none mnt
) >said
rc=$?
[ $rc = 3 ] && grep -q own_mounts said || fail "it may mount: exit $rc: $(cat said)"

requires_loop
requires addpart
truncate -s 8M image
attach_loop device image
addpart "$device" 2 2048 2048 || skip 'the kernel adds no partitions to loop devices'
losetup -d "$device" || fail "cannot detach $device"
forget_cleanup losetup -d "$device"
[ -d "/sys/block/${device#/dev/}/${device#/dev/}p2" ] || skip 'the kernel drops partitions itself'
attach_loop again image
[ "$again" = "$device" ] || skip "$device is somebody else's by now"
for part in "/sys/block/${again#/dev/}/${again#/dev/}"p*; do
	[ ! -e "$part" ] || fail "$again has $part"
done
