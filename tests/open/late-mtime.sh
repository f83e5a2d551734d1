#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An image that the host says was written after 2038 is opened as any other, where time_t has 32 bits too.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

stale_image image
touch -d '2050-01-01' image
[ "$(stat -c %Y image)" -gt 2147483647 ] || skip 'this host keeps no such times'
run_e4zero 4 --check image
run_e4zero 0 --truncate 100 --trace-io trace image /tail
