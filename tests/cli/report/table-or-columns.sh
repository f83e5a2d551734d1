#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Text: a table up to 1,000 findings, fixed columns above; the same cells in both, and a summary line at the end.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

# cells FILE: the rows with single blanks
cells() {
	grep '^stale-tail' "$1" | tr -s ' ' | sed 's/ $//'
}
many_tails image 1001
run_e4zero 4 image
mv out columns
same 'rows' "$(grep -c '^stale-tail' columns)" 1001
same 'heads' "$(grep -c '^KIND' columns)" 1
same 'last line' "$(tail -n 1 columns)" 'image: 1001 findings (3999996 stale bytes) in 1001 files'
same 'first row' "$(cells columns | head -n 1 | cut -d' ' -f 1,3,4,6-10)" 'stale-tail 100 0 1 100 4095 3996 /f00000'

debugfs_script image <<<'rm f01000'
run_e4zero 4 image
same 'rows of the table' "$(grep -c '^stale-tail' out)" 1000
same 'heads of the table' "$(grep -c '^KIND' out)" 1
cells columns | head -n 1000 >wanted
cells out >got
cmp wanted got || fail 'the table and the columns differ'
[ "$(head -n 1 out | wc -c)" -lt "$(head -n 1 columns | wc -c)" ] || fail 'the table is not fitted to its cells'
