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

refused --length 3 image
refused --fix --all --undo undo image
refused --check --all image /file
refused --check --only free image /file
[ ! -e undo ] || fail 'there is an undo file'

# A usage error is about the command line: it names no image, and where to read on.
for wrong in '' '--no-such-option 5 image' '-Q 5 image' '--jobs 0 image' '--map image' '--truncate image /x' '--map -n image /x' '-x'; do
	# shellcheck disable=SC2086 # words
	run_e4zero 16 $wrong
	! grep -q 'e4zero: \(image\|5\|/x\):' err || fail "an image is blamed for '$wrong': $(cat err)"
	[ "$(wc -l <err)" = 2 ] && [ "$(tail -1 err)" = "Try 'e4zero --help' for more information." ] ||
		fail "$wrong: $(cat err)"
done
run_e4zero 16 --json --jobs 0 image
grep -q '"path":null,"context":"","message":"--jobs .0.: not a number' out || fail "$(cat out)"

# A letter that an option had once names the option.
for wrong in -f -qf -fq; do
	run_e4zero 16 $wrong image
	grep -q "'-f': unrecognized option; the long name is --force" err || fail "$wrong: $(cat err)"
done
