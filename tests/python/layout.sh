#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every structure, value and function of the Python module is as e4zero.h declares it, in size, place and number.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/python/module.sh"
[ -n "${COMPILE-}" ] || skip 'COMPILE is not set: run me by make check'

layout() { python3 "$srcdir/tests/python/layout.py" "$srcdir/lib/e4zero.h" "$1"; }
layout c >layout.c || fail 'the module differs from e4zero.h'
"${COMPILE%% *}" -I"$srcdir/lib" -o layout layout.c 2>cc.log || fail "$(cat cc.log)"
./layout >wanted
[ "$(wc -l <wanted)" -gt 200 ] || fail 'hardly anything is compared'
layout python | diff wanted - || fail 'the module has other layouts or values'
