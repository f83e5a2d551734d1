#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make fuzz-corpus: the bases, and for each target a minimal corpus. make-corpus.sh BUILT [NAME...]
#
# BUILT is the directory of the programs. The existing corpus and the first inputs are merged into BUILT/corpus/NAME:
# few small inputs that together reach the same code. From these each target runs RUNS times (1000), and its new inputs
# are merged, too. In some of the first inputs one of the first SWEEP allocations, reads or writes (60000) fails: the
# first one of each path of calls. In others a field has another value: at most FIELDS (4000) of these. WORKERS (2) targets
# run in parallel, the long ones first. Inputs that make a target fail are kept in BUILT/failures/NAME.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
built=$(cd "$1" 2>/dev/null && pwd) || { echo "fuzz-corpus: the targets are not built" >&2; exit 77; }
shift
export RUNS=${RUNS:-1000} FUZZ_BASES=$built/bases MAX=${MAX:-65536} built
[ "$built/bases" -nt "$here/bases.sh" ] || bash "$here/bases.sh" "$built/bases"
long='script open fix check'
[ $# -gt 0 ] || set -- $long $(cd "$built" && ls -d fuzz-* | sed 's/^fuzz-//' | grep -vxF "${long// /$'\n'}")

# merge NAME FOLDER...: adds the inputs that the corpus needs. An input that fails is left out, and named in the log.
merge() {
	local least=$built/new/$1/least log=$built/$1.log.merge
	rm -rf "$least" && mkdir "$least"
	nice "$built/fuzz-$1" -merge=1 -max_len="$MAX" -timeout=20 -rss_limit_mb=3000 -artifact_prefix="$built/failures/$1/" \
		"$least" "${@:2}" >"$log" 2>&1 </dev/null || { cp "$log" "$built/$1.log"; return 1; }
	if grep -qaE '^fuzz: |ERROR: |runtime error' "$log"; then
		cp "$log" "$built/$1.log"
		return 1
	fi
	rm -rf "$built/corpus/$1" && mv "$least" "$built/corpus/$1"
}

# run NAME: RUNS more runs from the corpus
run() {
	nice "$built/fuzz-$1" -seed="${SEED:-1}" -runs=$((RUNS + $(ls "$built/corpus/$1" | wc -l))) -max_len="$MAX" -timeout=20 \
		-rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$built/failures/$1/" \
		"$built/new/$1/found" "$built/corpus/$1" >"$built/$1.log" 2>&1 </dev/null
}

# one NAME
one() {
	local corpus=$built/corpus/$1 failures=$built/failures/$1 new=$built/new/$1 log=$built/$1.log rc
	rm -rf "$new"
	mkdir -p "$corpus" "$failures" "$new/seeds" "$new/found"
	FUZZ_SEEDS=$new/seeds FUZZ_SWEEP=${SWEEP:-60000} FUZZ_FIELDS=${FIELDS:-4000} "$built/fuzz-$1" >"$log" 2>&1 ||
		{ echo "$1: a first input: $(grep -aE '^fuzz: |ERROR|SUMMARY|invariant' "$log" | head -n 5)"; return 1; }
	merge "$1" "$corpus" "$new/seeds" && run "$1" && merge "$1" "$corpus" "$new/found"
	rc=$?
	echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs, $(ls "$corpus" | wc -l) inputs," \
		"$(sed -n 's/^#.*DONE *cov: \([0-9]*\) .*/\1/p' "$log") edges"
	rm -rf "$new"
	[ $rc = 0 ] || { grep -aE '^fuzz: |ERROR|SUMMARY|runtime error|invariant' "$log" | head -n 5; ls "$failures"; }
	return $rc
}
export -f one merge run
printf '%s\n' "$@" | xargs -P "${WORKERS:-2}" -I {} bash -c 'one {}'
