#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install-python is complete, and the example of doc/python.md runs with the module that it installs.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/python/module.sh"
[ -f "$builddir/Makefile" ] || skip 'not in a build tree'

make -s -C "$builddir" install-python DESTDIR="$tmp/dest" pythondir=/modules >make.log 2>&1 || fail "$(cat make.log)"
diff -r -x __pycache__ "$srcdir/python/e4zero" dest/modules/e4zero || fail 'it is not the module of the source tree'
export PYTHONPATH=$tmp/dest/modules

edit_image disk.img
debugfs_script disk.img <<<'sif small size 50'
sed -n '/^```python$/,/^```$/p' "$srcdir/doc/python.md" | sed '/^```/d' >example.py
python3 example.py >out 2>&1 || fail "$(cat out)"
same said "$(cat out)" $'stale-tail /small 50\n3 files'
head -c 4096 /dev/zero >want
holds disk.img /file want
sound disk.img
