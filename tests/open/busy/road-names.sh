#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One image under several names: a bind mount, overlayfs from either side; a copy is not it, nor is a fresh image that
# happens to have the same inode number and size on another file system.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires_loop
requires mke2fs
mkdir host elsewhere
mount -t tmpfs none host || skip 'no tmpfs can be mounted'
cleanup_fn umount "$tmp/host"
mount -t tmpfs none elsewhere || skip 'no tmpfs can be mounted'
cleanup_fn umount "$tmp/elsewhere"
mkdir host/{lower,upper,work} bound merged
make_ext host/upper/image 16M
ln -s "$tmp/host/upper/image" link

mount --bind host/upper bound || fail bind
cleanup_fn umount "$tmp/bound"
attach_loop device bound/image
refused "attached to $device" host/upper/image
refused "attached to $device" link
detach_loop "$device"

# fresh images: the first file of each tmpfs, of one size
make_ext host/fresh 16M
for _ in 1 2 3 4 5 6 7 8; do
	rm -f elsewhere/fresh
	make_ext elsewhere/fresh 16M
	[ "$(stat -c %i elsewhere/fresh)" -lt "$(stat -c %i host/fresh)" ] || break
done
attach_loop device elsewhere/fresh
[ "$(stat -c %i elsewhere/fresh)" = "$(stat -c %i host/fresh)" ] || echo 'the inode numbers differ' >&2
scribble 0 host/fresh sync
run_e4zero 0 --fix host/fresh
[ ! -s err ] || fail "said of a fresh image: $(cat err)"

# a copy of what is attached, on another file system that shows nothing of the first, of whatever inode number
cp elsewhere/fresh host/copy
for image in host/copy far/copy; do
	if [ $image = far/copy ]; then
		mkdir far
		mount -t tmpfs none far || skip 'no tmpfs can be mounted'
		cleanup_fn umount "$tmp/far"
		until [ "$(stat -c %i far/copy 2>/dev/null)" = "$(stat -c %i elsewhere/fresh)" ]; do
			rm -f far/copy
			: >far/copy
			[ "$(stat -c %i far/copy)" -le "$(stat -c %i elsewhere/fresh)" ] || skip 'no such inode number'
		done
		cat elsewhere/fresh >far/copy
	fi
	run_e4zero 0 --fix $image
	[ ! -s err ] || fail "$image: said of a copy: $(cat err)"
done
# on the same one it is not it, for certain
cp elsewhere/fresh elsewhere/copy
run_e4zero 0 --fix elsewhere/copy
[ ! -s err ] || fail "said of a copy next to it: $(cat err)"
detach_loop "$device"

mount -t overlay none -o "lowerdir=host/lower,upperdir=host/upper,workdir=host/work" merged 2>/dev/null ||
	skip 'no overlayfs can be mounted'
cleanup_fn umount "$tmp/merged"
[ "$(stat -c %d merged/image)" != "$(stat -c %d host/upper/image)" ] || fail 'overlayfs has the same st_dev'
mkdir mnt
for pair in 'merged host/upper' 'host/upper merged'; do
	read -r there here <<<"$pair"
	attach_loop device "$there/image"
	refused "attached to $device" "$here/image"
	mount "$device" mnt || fail mount
	cleanup_fn umount "$tmp/mnt"
	refuses "mounted: $device on" "$here/image"
	umount mnt
	forget_cleanup umount "$tmp/mnt"
	detach_loop "$device"
	scribble 0 "$here/image" sync
done
