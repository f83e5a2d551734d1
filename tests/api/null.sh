#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What e4zero.h allows to be NULL may be NULL: options, results, sinks, callback functions, and the image of some calls.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
[ -x "$builddir/tests/api/null" ] || skip 'tests/api/null is not built'

edit_image image
debugfs_script image <<<'sif small size 50'
"$builddir/tests/api/null" image undo || fail 'null'
{ printf new; head -c 4093 /dev/zero; tail -c +4097 ten; } | head -c 9000 >want
dd if=/dev/zero of=want bs=1 seek=9000 count=7384 status=none
holds image /file want
sound image
