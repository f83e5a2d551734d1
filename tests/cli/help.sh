#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --help goes to standard output and fits a terminal of 80 columns.
. "${srcdir:-.}/tests/lib.sh"

run_e4zero 0 --help
grep -q -e '--check' out || fail '--help does not name --check'
[ ! -s err ] || fail "--help writes to standard error: $(cat err)"
wide=$(expand out | awk 'length($0) > 80')
[ -z "$wide" ] || fail "wider than 80 columns: $wide"
cp out long
run_e4zero 0 -h
cmp out long || fail '-h is not --help'
