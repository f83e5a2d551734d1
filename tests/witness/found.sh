#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What fuzz targets found, as recipes: e4zero and the witness say the same of each.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires python3

# agree IMAGE KINDS: both find the same, and that is
agree() {
	python3 "$srcdir/tests/witness/judge.py" "$E4ZERO" "$1" >judge.log 2>&1 || fail "$1: $(cat judge.log)"
	python3 "$srcdir/tests/witness/ledger/compare.py" "$E4ZERO" "$1" >judge.log 2>&1 || fail "$1: $(cat judge.log)"
	run_e4zero 4 --check --json "$1"
	same "$1" "$(kinds)" "$2"
}

# inline data whose slot says that its extra fields end between two words, or leave no room for attributes
for extra in 33 128 8192; do
	make_image extra 2M -O inline_data,^has_journal
	echo hello >hello
	debugfs_script extra <<-END
		write hello inline
		sif inline extra_isize $extra
	END
	agree extra '/inline unreadable'
done
