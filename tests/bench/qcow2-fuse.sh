#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it takes without e4zero: QEMU's FUSE export of a qcow2 image, a loop mount of that, and the kernel zeroes a whole
# file. Usage: qcow2-fuse.sh IMAGE FILE
set -eu

shown=$(mktemp "$1.XXXXXX") mnt=$(mktemp -d) pid=
cleanup() {
	if mountpoint -q "$mnt"; then umount "$mnt"; fi
	[ -z "$pid" ] || kill "$pid"
	[ -z "$pid" ] || tail -f /dev/null --pid="$pid"
	rmdir "$mnt"
	rm -f "$shown" "$shown.pid"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

qemu-storage-daemon --daemonize --pidfile "$shown.pid" \
	--blockdev "driver=file,node-name=file,filename=$1,discard=unmap" \
	--blockdev driver=qcow2,node-name=disk,file=file,discard=unmap \
	--export "type=fuse,id=export,node-name=disk,mountpoint=$shown,writable=on"
pid=$(< "$shown.pid")
mount -t ext4 -o loop "$shown" "$mnt"
fallocate -z -l "$(stat -c %s "$mnt/$2")" "$mnt/$2"
umount "$mnt"
