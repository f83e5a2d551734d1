#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Many owners: each entry is found and changed, a dry run counts their blocks exactly, and a journal that is too small for
# all of them is split where it is full.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/quota/common.sh"

# 800 files of one user each, far from each other, in a journal of 1 MiB
make_image image 32M -b 1024 -I 256 -J size=1 -N 2048 -O quota,project -E "$all"
text two 2048 x
text other 2048 y
for ((i = 1; i <= 800; i++)); do
	printf 'write two f%s\nsif f%s uid %s\nsif f%s gid %s\nsif f%s projid %s\n' \
		$i $i $((i * 40503 % 4294967 * 1000)) $i $((i % 50)) $i $((i * 255))
done | debugfs_script image
count_usage image
for ((i = 1; i <= 800; i++)); do
	echo "truncate /f$i 1000"
done >s
cp image made
for options in '' --split '--data ordered --split'; do
	cp made image
	# shellcheck disable=SC2086 # words
	run_e4zero 0 --json --dry-run $options --script s image
	planned=$(records summary transactions log_blocks)
	# shellcheck disable=SC2086 # words
	run_e4zero 0 --json $options --script s image
	same "$options" "$(records summary transactions log_blocks)" "$planned"
	counted image
	[ -z "$options" ] || continue
	# the superblock, descriptors, bitmap, inode tables, and a block of entries for 14 at most
	[ "${planned#* }" -gt $((800 / 4 + 800 / 14 * 2)) ] || fail "only $planned"
done

# with data that travel in the journal, it is more than there is room for
for ((i = 1; i <= 800; i++)); do
	echo "write /f$i 0 from=other"
	echo "write /f$i 100000 from=two"
done >s
cp made image
run_e4zero 0 --json --dry-run --split --script s image
planned=$(records summary transactions log_blocks)
run_e4zero 0 --json --split --script s image
same split "$(records summary transactions log_blocks)" "$planned"
[ "${planned% *}" -gt 1 ] || fail "$planned: it fits into one transaction"
counted image
