#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A bounded number of mutants of four images: one with extents, one with indirect maps, one inline, one with orphans.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

requires mke2fs
requires debugfs
requires python3
mutate=$builddir/tests/fuzz/mutate
[ -x "$mutate" ] || skip "$mutate is not built"

for kind in ext4-1k ext3-1k inline orphanlist; do
	bash "$srcdir/tests/images/mkimg.sh" "$kind" "$kind" >mkimg.log 2>&1 || fail "mkimg.sh $kind: $(cat mkimg.log)"
	"$mutate" --count 160 --seconds 2 "$kind" >mutate.log 2>&1 || fail "$(cat mutate.log)"
	grep -Eq '^.*: [1-9][0-9]* mutants, 0 failed; [1-9]' mutate.log || fail "nothing was tried: $(cat mutate.log)"
	cat mutate.log
	rm -f "$kind"
done
