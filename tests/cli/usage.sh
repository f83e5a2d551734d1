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

# What stands behind an option that does not exist may be its argument: it is not taken for the image.
for option in --no-such-option -Q; do
	run_e4zero 16 $option 5 image
	! grep -q 'e4zero: 5:' err || fail "the argument of $option is named as the image: $(cat err)"
done
run_e4zero 16 --jobs 0 image
grep -q '^e4zero: image: ' err || fail "the image is not named: $(cat err)"
