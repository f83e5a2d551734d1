#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A journal that needs replay is reported as such, whether the flag or the log says so.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires debugfs
make_ext fs.img 24M
debugfs -w -R 'feature needs_recovery' fs.img >/dev/null 2>&1
remember_image fs.img
refuses 'journal' fs.img
image_unchanged fs.img

# the log's s_start, with the flag clear
make_ext fs.img 24M -O ^metadata_csum
bs=$(dumpe2fs -h fs.img 2>/dev/null | sed -n 's/^Block size: *//p')
log=$(debugfs -R 'bmap <8> 0' fs.img 2>/dev/null)
printf '\0\0\0\1' | dd of=fs.img bs=1 seek=$((log * bs + 28)) conv=notrunc status=none
refuses 'journal' fs.img
