#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it takes without e4zero: mount, zero a whole file or punch holes into it, umount.
# Usage: kernel-fallocate.sh IMAGE FILE zero | every PUNCH (every other block, by the program PUNCH)
set -eu

mnt=$(mktemp -d)
cleanup() {
	if mountpoint -q "$mnt"; then umount "$mnt"; fi
	rmdir "$mnt"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mount -t ext4 -o loop "$1" "$mnt"
case $3 in
zero) fallocate -z -l "$(stat -c %s "$mnt/$2")" "$mnt/$2" ;;
every) "$4" "$mnt/$2" ;;
*) exit 2 ;;
esac
umount "$mnt"
