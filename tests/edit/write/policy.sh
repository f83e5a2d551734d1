#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --policy: the content is the same; a batch is looked up in memory, a flush happens when the first unwritten block
# with data is met, flush-always before any. The report counts them.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image
run_e4zero 0 --allocate -o 12k -l 400k image /file
cp image fresh
head -c 60000 /dev/urandom >bytes
cat >script <<'END2'
write /file 16k from=bytes
zero-range /file 17000 1000 keep-size
zero-range /file 50001 3000 keep-size
punch-hole /file 30001 10
write /file 200k from=bytes
zero-range /file 210001 5 keep-size
END2
for policy in batch flush flush-always; do
	for data in journal ordered; do
		cp fresh image
		rm -f trace
		run_e4zero 0 --json --policy $policy --data $data --script script --trace-io trace image
		debugfs -R 'dump /file got' image >debugfs.log 2>&1
		[ -e want ] || cp got want
		cmp got want || fail "$policy leaves another content"
		sound image
		same "barriers of $policy" "$(field barriers summary)" "$(grep -c ^flush trace)"
		same 'transactions' "$(field transactions summary)" 1
		jq -s '[.[] | select(.type == "edit") | .flushes] | add' out >flushes.$policy
		field barriers summary >barriers.$policy
		# what a batch zeroes in memory a flush finds written
		jq -s '[.[] | select(.type == "edit") | .dirty_unwritten] | add' out >dirty.$policy
	done
done
same 'content' "$(wc -c <want)" 421888
same 'flushes of a batch' "$(cat flushes.batch)" 0
[ "$(cat flushes.flush)" -ge 1 ] || fail 'nothing was flushed'
[ "$(cat flushes.flush-always)" -ge "$(cat flushes.flush)" ] || fail 'flush-always flushes less often'
[ "$(cat barriers.batch)" -lt "$(cat barriers.flush)" ] || fail 'a batch takes as many barriers as a flush'
[ "$(cat dirty.batch)" -gt 0 ] && [ "$(cat dirty.flush-always)" = 0 ] || fail "dirty: $(cat dirty.*)"

remember_image image
untouched 16 'neither batch, flush nor flush-always' image --policy fast --script script image
untouched 16 'policy' image --policy batch image
untouched 16 'policy' image --policy batch --replay image
