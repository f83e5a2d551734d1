#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Breaks each rule of the protocol on purpose: the crash test must fail, and must pass if the rule is not broken.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

program=$builddir/tests/crash/crash-states
[ -x "$program" ] || skip "$program is not built"
requires mke2fs
requires debugfs
requires python3
requires e2fsck -V
bash "$srcdir/tests/crash/images.sh" "$tmp" ext-4k-plain inline-4k all-plain || exit

mask() {
	sed -n "s/^[[:space:]]*$1 = \\([0-9]*\\),.*/\\1/p" "$srcdir/lib/journal/commit.h"
}

# red FAULT IMAGE ARGUMENTS...: the crash test fails because of a crash state with the fault, and only with it
red() {
	local fault=$1 image=$2 bits rc
	shift 2
	bits=$(mask "COMMIT_FAULT_$fault")
	[ -n "$bits" ] || fail "there is no COMMIT_FAULT_$fault"
	"$program" --errors 0 --nested 0 --overlay 0 --limit 200 "$@" "$tmp/$image" >"$tmp/sound" 2>&1 ||
		{ cat "$tmp/sound"; fail "$fault: not sound before it is broken"; }
	"$program" --errors 0 --nested 0 --overlay 0 --limit 200 "$@" --faults "$bits" "$tmp/$image" >"$tmp/broken" 2>&1
	rc=$?
	[ $rc = 1 ] || { cat "$tmp/broken"; fail "$fault: exit $rc, not 1"; }
	echo "$fault: $(sed -n 's/.* \([0-9]* failed\)$/\1/p' "$tmp/broken") of $(sed -n 's/.* \([0-9]* distinct\).*/\1/p' "$tmp/broken"): $(head -n 1 "$tmp/broken" | cut -c 1-200)"
}

# no metadata_csum: a torn superblock is a separate case
red NO_RECOVER ext-4k-plain --workload several --shape csum3 --used
red NO_BARRIER ext-4k-plain --workload several --shape fresh --used
red NO_BARRIER ext-4k-plain --workload several --shape csum3 --used
red EARLY_CLEAR ext-4k-plain --workload several --shape csum3
# what nobody reads is zeroed after it
red NO_BARRIER all-plain --workload fix-all --shape csum3 --used
red EARLY_CLEAR all-plain --workload fix-all-dirty --shape csum3 --used
# kernels accept a commit block of which only the first sector was written, e2fsck does not
red KEEP_SLOT ext-4k-plain --workload down-tail --shape csum3 --used --outside 1
# stale fast commits make only e2fsck fail
red KEEP_FC ext-4k-plain --workload up-tail --shape fc --outside 1
red REUSE_FREED inline-4k --workload free-and-take --shape csum3
# the block of EOF, and one wholly past EOF, that are written in place before the commit are stale until it is durable
red TAILS_FIRST ext-4k-plain --workload append-tail --shape csum3
red TAILS_FIRST ext-4k-plain --workload append-tail --shape csum3 --clean
red TAILS_FIRST ext-4k-plain --workload append-over --shape fresh --policy flush --cache 1
red TAILS_FIRST ext-4k-plain --workload append-behind --shape csum3 --clean
