#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it takes without e4zero: mount, zero a whole file or punch holes into it, umount.
# Usage: kernel-fallocate.sh IMAGE FILE zero | every PUNCH (every other block, by the program PUNCH)
. "$(dirname "$0")/mounted.sh"

case $3 in
zero) fallocate -z -l "$(stat -c %s "$mnt/$2")" "$mnt/$2" ;;
every) "$4" "$mnt/$2" ;;
*) exit 2 ;;
esac
umount "$mnt"
