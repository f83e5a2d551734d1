#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The library out of order: calls without a transaction, within one, after a failure, in two sessions at once.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
[ -x "$builddir/tests/api/states" ] || skip 'tests/api/states is not built'

edit_image image
cp image other
cp ten a
cp ten b
for ((i = 0; i < 20; i++)); do
	printf aaaa | dd of=a bs=1 seek=$((i * 700)) conv=notrunc status=none
	printf bbbb | dd of=b bs=1 seek=$((i * 500)) conv=notrunc status=none
	[ $i != 7 ] || dd if=/dev/zero of=b bs=4096 seek=1 count=1 conv=notrunc status=none
done
"$builddir/tests/api/states" "$tmp/image" "$tmp/other" || fail 'states'
holds image /file a
holds other /file b
{ printf first; tail -c +6 small | head -c 90; printf behind; } >want
holds image /small want
sound image other
