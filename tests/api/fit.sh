#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With split, through the library: an operation that never fits fails, and the transaction goes on without it.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/cli-common.sh"
[ -x "$builddir/tests/api/fit" ] || skip 'tests/api/fit is not built'

truncate -s 512M image
mke2fs -q -F -t ext4 -b 1024 -g 256 -J size=1 -O ^flex_bg,^resize_inode -N 4096 image >mke2fs.log 2>&1 ||
	fail "mke2fs: $(cat mke2fs.log)"
head -c 100 /dev/zero | tr '\0' x >small
: >empty
debugfs_script image <<-END2
	write small small
	write empty large
	fallocate large 0 400000
	sif large size 409600000
END2
"$builddir/tests/api/fit" "$tmp/image" || fail 'fit'
{ printf first; head -c 40 small; printf behind; } >want
holds image /small want
sound image
