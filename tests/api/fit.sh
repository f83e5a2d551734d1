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
head -c 60k /dev/zero | tr '\0' y >parts
debugfs_script other <<-END2
	write empty empty
	write empty other
	write used used
	write parts parts
END2
free=$(dumpe2fs -h other 2>/dev/null | sed -n 's/^Free blocks: *//p')
cp other before
"$builddir/tests/api/fit" "$tmp/other" $((free * 1024)) || fail 'fit: a commit that fails'
cmp other before || fail 'a transaction was committed that was planned in part'

# and when what was in the way is taken back, the rest is committed as if that commit had not been tried
"$builddir/tests/api/fit" "$tmp/other" $((free * 1024)) go-on || fail 'fit: going on after a commit that failed'
for k in 0 1 2 3 4 5 6 7 8 9; do
	dd if=/dev/zero of=parts bs=1024 seek=$((4 * k)) count=1 conv=notrunc status=none
done
dd if=/dev/zero of=parts bs=1024 seek=2 count=1 conv=notrunc status=none
printf after | dd of=parts bs=1 seek=5200 conv=notrunc status=none
holds other /parts parts
: >want
holds other /empty want
holds other /used want
head -c 10240 /dev/zero >want
holds other /other want
sound other
