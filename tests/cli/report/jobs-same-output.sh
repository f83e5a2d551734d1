#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The report is the same whatever the number of threads, and in (inode, block) order.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq
many_tails image 1200
report() {
	run_e4zero 4 --json -j "$1" image
	jq -c 'del(.seconds, .bytes_read)' out >"report.$1" || fail 'the report is no JSON'
}
for jobs in 1 2 7 64; do
	report $jobs
	cmp report.1 report.$jobs || fail "-j $jobs differs from -j 1"
done
same findings "$(grep -c '"finding"' report.1)" 1200
jq -r 'select(.type == "finding") | "\(.ino) \(.lblk)"' report.1 >order
sort -c -k1,1n -k2,2n order || fail 'not in (inode, block) order'
run_e4zero 4 -j 1 image
mv out text.1
run_e4zero 4 -j 5 image
cmp text.1 out || fail 'the text report depends on -j'
