#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong usage leaves with 16, says so on standard error and prints no result.
. "${srcdir:-.}/tests/lib.sh"

truncate -s 1M image
refused() {
	run_e4zero 16 "$@"
	[ -s err ] || fail "no word about: $*"
	[ ! -s out ] || fail "a result in spite of: $*"
}
refused
refused --no-such-option image
refused --jobs
refused --jobs nonsense image
refused --only no-such-kind image
