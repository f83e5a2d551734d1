#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file that has a block twice, as data, in its tree, or as both, is not edited.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires python3

for case in ext_self ext_tree_in_data ext_loop_depth; do
	python3 "$srcdir/tests/fuzz/craft.py" . "$case" >/dev/null || fail "$case: craft.py"
	untouched 8 '<12>: a block is mapped twice' "$case" --truncate 1 "$case" '<12>'
	untouched 8 '<12>: a block is mapped twice' "$case" --punch-hole -o 50K -l 1K "$case" '<12>'
done
