#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A plan for which there are not enough blocks changes nothing: what is committed later is what would have been without it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
[ -x "$builddir/tests/edit/faults/settle" ] || skip 'tests/edit/faults/settle is not built'

# make NAME BLOCK_SIZE [mke2fs options]
make() {
	truncate -s 24M "$1"
	mke2fs -q -F -t ext4 -b "$2" -J size=4 "${@:3}" "$1" >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	debugfs_script "$1" <<-END2
		write empty a
		write empty b
		write empty c
		write empty d
	END2
	block_size[$1]=$2
}

: >empty
declare -A block_size
make extents 1024
make pointers 1024 -O ^extents,^64bit,^metadata_csum
make clusters 1024 -O bigalloc -C 4096
make inline 4096 -O inline_data -I 256
failed=0
broad seeds 5 {1..40}
# shellcheck disable=SC2154 # broad sets it
for kind in extents pointers clusters inline; do
	for seed in "${seeds[@]}"; do
		cp --sparse=always $kind with
		cp --sparse=always $kind without
		plans=$("$builddir/tests/edit/faults/settle" "$tmp/with" "${block_size[$kind]}" "$seed" fail) ||
			fail "$kind, seed $seed"
		failed=$((failed + plans))
		"$builddir/tests/edit/faults/settle" "$tmp/without" "${block_size[$kind]}" "$seed" >log ||
			fail "$kind, seed $seed, without plans"
		sound with
		for file in a b c d; do
			debugfs -R "dump /$file want" without >debugfs.log 2>&1
			holds with "/$file" want
		done
	done
done
[ "$failed" -gt 10 ] || fail "only $failed plans failed"
