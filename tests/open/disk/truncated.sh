#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An image that lost its end is refused with the number of missing bytes; a longer one opens.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
make_ext fs.img 16M
truncate -s +1M fs.img
opens fs.img
truncate -s 16M fs.img
opens fs.img
for cut in 1 512 4096 8388608 $(((16 << 20) - 4096)); do
	make_ext fs.img 16M
	truncate -s -$cut fs.img
	remember_image fs.img
	refuses "$cut bytes shorter than its file system" fs.img
	image_unchanged fs.img
done
truncate -s 1500 fs.img
refuses 'too few for a file system' fs.img
