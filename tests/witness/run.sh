#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The witness and e4zero agree on every kind of image and on mutants of some, on findings and on who owns every byte; --fix leaves nothing
# to find and touches nothing else, the comparison can fail, and the witness is right itself.
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 skipped=0

# count LABEL COMMAND...: adds up the ok, FAIL and skip lines of its output
count() {
	local label=$1 out rc=0
	shift
	out=$("$@" 2>&1) || rc=$?
	passed=$((passed + $(grep -c '^ok ' <<<"$out")))
	skipped=$((skipped + $(grep -c '^skip ' <<<"$out")))
	if [ $rc = 77 ]; then
		echo "$label: $out"
		skipped=$((skipped + 1))
	elif [ $rc != 0 ]; then
		grep -v '^ok ' <<<"$out"
		failed=$((failed + 1))
	fi
	tail -n 1 <<<"$out"
}

# the images of the first are those of the second
images=$(mktemp -d "${TMPDIR:-/tmp}/witness.XXXXXX")
trap 'rm -rf "$images"' EXIT
trap 'exit 1' INT TERM HUP
count agree env IMAGES="$images" bash "$here/agree.sh"
count fix env IMAGES="$images" bash "$here/fix.sh"
count through env IMAGES="$images" bash "$here/through.sh"
count canary bash "$here/ledger/canary.sh"
count selftest bash "$here/agree.sh" --selftest
[ -n "${SAMPLE-}" ] || count ground bash "$here/ground.sh"
[ -n "${SAMPLE-}" ] || count mutants bash "$here/mutants.sh"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
