#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make fuzz-coverage: the coverage of lib/format, lib/file, lib/journal and lib/image by the inputs of all targets. The
# targets are built by gcc for gcov, without a fuzzer, and run once on each input that make fuzz-corpus has kept.
#
# usage: coverage.sh BUILT COVERED     the directories of the targets and of those for gcov, both in the build directory
#
# It fails if one of the four has less than 95 % of its lines or 90 % of its branches covered.
set -eu
built=$(cd "$1" 2>/dev/null && pwd) && [ -d "$built/corpus" ] || { echo 'first: make fuzz-corpus' >&2; exit 1; }
covered=$(cd "$2" && pwd)
export FUZZ_BASES=$built/bases
find "$covered" -name '*.gcda' -exec rm -f {} +
for target in "$covered"/fuzz-*; do
	name=${target##*/fuzz-}
	"$target" "$built/corpus/$name" >"$covered/$name.log" 2>&1 </dev/null || { tail -n 5 "$covered/$name.log" >&2; exit 1; }
	echo "$name: $(ls "$built/corpus/$name" | wc -l) inputs"
done
rooms=()
for room in format file journal image; do rooms+=(--room "$room=lib/$room/*"); done
python3 "$srcdir/tests/coverage/coverage.py" --least 95,90 --exceptions /dev/null --html "$covered/coverage.html" \
	"${rooms[@]}" "$srcdir" "$covered" >"$covered/coverage.txt" && rc=0 || rc=$?
grep '^room ' "$covered/coverage.txt"
echo "the page is $covered/coverage.html, the same as text $covered/coverage.txt"
exit $rc
