# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the kernel's side of a comparison shares: the image $1 is mounted on $mnt, and is unmounted whatever happens.
# Source it first; end with umount "$mnt", which is part of what is measured.
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
