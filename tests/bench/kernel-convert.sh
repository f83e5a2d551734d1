#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it takes without e4zero. Usage: kernel-convert.sh IMAGE FILE written|hole: mount, write zeroes over a file
# that is unwritten, or have fallocate(1) dig holes into one; umount.
. "$(dirname "$0")/mounted.sh"

case $3 in
written)
	dd if=/dev/zero of="$mnt/$2" bs=4M count=$(($(stat -c %s "$mnt/$2") / 4194304)) conv=notrunc oflag=direct \
		status=none ;;
hole) fallocate -d "$mnt/$2" ;;
*) exit 2 ;;
esac
umount "$mnt"
