#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# -V and --version name the program and its version on standard output, nothing on standard error.
. "${srcdir:-.}/tests/lib.sh"

for option in -V --version; do
	run_e4zero 0 "$option"
	grep -qE '^e4zero [0-9]+\.[0-9]+' out || fail "$option prints: $(cat out)"
	[ ! -s err ] || fail "$option writes to standard error: $(cat err)"
done
