#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# qemu-img and e2fsck have nothing to say of a qcow2 image. Usage: qcow2-fsck.sh IMAGE
set -eu

qemu-img check -q -f qcow2 "$1"
raw=$(mktemp "$1.XXXXXX")
trap 'rm -f "$raw"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
qemu-img convert -f qcow2 -O raw "$1" "$raw"
e2fsck -fn "$raw"
