#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzz targets, a part of make check-fuzz: RUNS runs of each; the independent checker examines some inputs of the target
# check; each target finds a planted fault. SAMPLE=1: few runs of each.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"

requires mke2fs
requires debugfs
requires python3
built=$builddir/tests/fuzz/targets/built
here=$srcdir/tests/fuzz/targets
[ -x "$built/fuzz" ] || skip 'clang cannot build the fuzz targets'

if [ -n "${SAMPLE-}" ]; then
	export RUNS=${RUNS:-300} SWEEP=${SWEEP:-0} FIELDS=${FIELDS:-200}
	judged=12
else
	export RUNS=${RUNS:-200000}
	judged=400
fi
bash "$here/make-corpus.sh" "$built" >corpus.log 2>&1 || fail "$(cat corpus.log)"
cat corpus.log

# the images that inputs of the target check make of their bases, compared with the independent checker
mkdir images
for input in $(ls "$built/corpus/check" | shuf -n "$judged" --random-source=<(yes)); do
	FUZZ_BASES=$built/bases FUZZ_DUMP=images/$input "$built/fuzz-check" "$built/corpus/check/$input" >dump.log 2>&1 ||
		fail "dump: $(cat dump.log)"
done
python3 "$srcdir/tests/fuzz/agree.py" "$E4ZERO" --images images/* | tee agree.log
[ "${PIPESTATUS[0]}" = 0 ] || fail "agree.py; the inputs are in $built/corpus/check"
grep -q ' [1-9][0-9]* compared' agree.log || fail 'the witness could not judge any of them'

bash "$here/planted.sh" "$built" || fail 'planted.sh'
