# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The module of the source tree, over the library that was built.
requires python3
export E4ZERO_LIBRARY=${SHARED:-$builddir/libe4zero.so.0.0.0} PYTHONPATH=$srcdir/python PYTHONDONTWRITEBYTECODE=1
[ -f "$E4ZERO_LIBRARY" ] || skip "$E4ZERO_LIBRARY is not built"
[ -z "${INSTRUMENT-}" ] || skip "this interpreter has no instruments, as the library has:$INSTRUMENT"
