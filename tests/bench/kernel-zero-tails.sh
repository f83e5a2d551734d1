#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it takes without e4zero: mount, zero every tail, umount. Usage: kernel-zero-tails.sh IMAGE ZERO-TAILS
. "$(dirname "$0")/mounted.sh"

"$2" "$mnt"
umount "$mnt"
