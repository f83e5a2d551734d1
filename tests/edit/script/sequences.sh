#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Random scripts, under every policy and in both data modes, leave what a flat array of bytes would.
# SEEDS: which; STEPS: lines of a script; WAYS: how many of the six each script is run in.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

export PYTHONDONTWRITEBYTECODE=1
for seed in ${SEEDS:-1}; do
	while read -r bs unit kind features; do
		rm -f image
		truncate -s 9M image
		# shellcheck disable=SC2086 # words
		mke2fs -q -F -t ext4 -b "$bs" -O $features image || fail "mke2fs $features"
		head -c 9000 /dev/urandom >ten
		debugfs_script image <<-END2
			write ten a
			write ten b
		END2
		python3 "$srcdir/tests/edit/script/sequences.py" "$E4ZERO" image "$bs" "$unit" "$seed" "${STEPS:-20}" "$kind" "${WAYS:-2}" >out ||
			fail "$bs $features, seed $seed"
	done <<-'END2'
		1024 1024 extents extent
		4096 4096 extents extent,inline_data
		1024 16384 extents bigalloc
		4096 4096 extents ^has_journal
		1024 1024 indirect ^extent,^64bit
		2048 2048 extents ^metadata_csum
	END2
done
