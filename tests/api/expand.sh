#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Patterns over trees of awkward names mean what an independent model says: the files, their order, the names.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
[ -x "$builddir/tests/api/expand" ] || skip 'tests/api/expand is not built'
requires mke2fs
requires debugfs
requires python3
model=$srcdir/tests/api/expand.py

# expands SEED [mke2fs options]
expands() {
	local seed=$1
	shift
	rm -rf tree image
	mkdir tree
	python3 "$model" tree tree "$seed" || fail "tree $seed"
	mke2fs -q -F -t ext4 "$@" -d tree image 16M || fail "mke2fs $*"
	debugfs -w -R 'rmdir lost+found' image 2>debugfs.log
	python3 "$model" patterns "$seed" 800 >patterns
	remember_image image
	"$builddir/tests/api/expand" image <patterns >listing || fail "expand, seed $seed"
	python3 "$model" judge tree <listing || fail "seed $seed, mke2fs $*"
	image_unchanged image
}

broad kinds 3 '' '-b 1024 -O inline_data' '-O ^filetype' '-O ^extent,^64bit,^dir_index' '-O bigalloc' '-O casefold'
for i in "${!kinds[@]}"; do
	# shellcheck disable=SC2086 # words
	expands $((i + 1)) ${kinds[i]}
done
