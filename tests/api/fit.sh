#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With split, through the library: an operation that never fits fails, and the transaction goes on without it.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
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

# a commit that fails in the middle: nothing of it is written by a later one
truncate -s 4M other
mke2fs -q -F -t ext4 -b 1024 -m 0 -J size=1 other >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
head -c 100k /dev/zero | tr '\0' x >used
debugfs_script other <<-END2
	write empty empty
	write empty other
	write used used
END2
free=$(dumpe2fs -h other 2>/dev/null | sed -n 's/^Free blocks: *//p')
cp other before
"$builddir/tests/api/fit" "$tmp/other" $((free * 1024)) || fail 'fit: a commit that fails'
cmp other before || fail 'a transaction was committed that was planned in part'
