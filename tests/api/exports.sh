#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The shared library exports the functions that e4zero.h declares, with their symbol versions, and nothing else.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
shared=${SHARED:-$builddir/libe4zero.so.0.0.0}
[ -f "$shared" ] || skip "$shared is not built"
requires nm
requires readelf

grep -oE '\be4z_[a-z_0-9]+\(' "$srcdir/lib/e4zero.h" | tr -d '(' | sort -u >declared
[ "$(wc -l <declared)" -gt 40 ] || fail 'where are the functions of e4zero.h?'
nm -D --defined-only --with-symbol-versions "$shared" | sed -n 's/.* [^A] //p' | sort >exported
sed 's/$/@@LIBE4ZERO_0/' declared | diff - exported || fail 'e4zero.h and lib/libe4zero.map differ'

readelf -Wd "$shared" >dynamic || fail 'readelf'
grep -q 'SONAME.*\[libe4zero\.so\.0\]' dynamic || fail "$(cat dynamic)"
! grep -q TEXTREL dynamic || fail 'some object is not position independent'
[ -n "${INSTRUMENT-}" ] || ! grep NEEDED dynamic | grep -vE '\[(libext2fs|libblkid|libuuid|libcom_err|libseccomp|libc|ld-linux.*)\.so' ||
	fail 'it needs another library'
