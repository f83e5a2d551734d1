#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix --all of mutants of every kind of image, checksums repaired or not: the rules of fixes.sh hold.
#
# usage: mutants-fix.sh [KIND...]     COUNT mutants of each kind (20), from seed FROM (1) on; each kind at most SECONDS_EACH
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
ALL=1
. "$srcdir/tests/fuzz/fixes.sh"

requires mke2fs
requires python3
mutate=${MUTATE:-$builddir/tests/fuzz/mutate}
[ -x "$mutate" ] || skip "$mutate is not built"
[ $# -gt 0 ] || mapfile -t kinds < <(bash "$srcdir/tests/images/mkimg.sh" --list | grep -vx natural)
[ $# -eq 0 ] || kinds=("$@")
FROM=${FROM:-1} COUNT=${COUNT:-20}

for kind in "${kinds[@]}"; do
	bash "$srcdir/tests/images/mkimg.sh" "$kind" whole >mkimg.log 2>&1 || continue
	end=$((SECONDS + ${SECONDS_EACH:-120}))
	for ((seed = FROM; seed < FROM + COUNT && SECONDS < end; seed++)); do
		label="$kind: mutate --dump $seed $kind image"
		"$mutate" --dump "$seed" whole image || fail "mutate --dump $seed of $kind"
		fixes
	done
	rm -f whole
done
told mutants
[ $images -gt 0 ] || skip 'no image could be made'
[ $bad = 0 ]
