#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it takes without e4zero: mount, truncate(2), umount. Usage: kernel-truncate.sh IMAGE FILE SIZE
. "$(dirname "$0")/mounted.sh"

truncate -s "$3" "$mnt/$2"
umount "$mnt"
