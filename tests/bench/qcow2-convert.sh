#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it takes where qcow2 is not known: a raw image of it, the edit, a qcow2 image of that.
# Usage: qcow2-convert.sh IMAGE E4ZERO ARGUMENTS... (the image comes after them)
set -eu

image=$1
shift
raw=$(mktemp "$image.XXXXXX")
trap 'rm -f "$raw"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

qemu-img convert -f qcow2 -O raw "$image" "$raw"
"$@" "$raw"
qemu-img convert -f raw -O qcow2 "$raw" "$image"
sync "$image"
