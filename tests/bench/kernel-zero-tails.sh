#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it takes without e4zero: mount, zero every tail, umount. Usage: kernel-zero-tails.sh IMAGE ZERO-TAILS
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
"$2" "$mnt"
umount "$mnt"
