#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sequences of every operation, by us and by the kernel, on every kind of file system: a sequence for each file.
# FILES of each batch, ROUNDS of mounts that a sequence goes through; the rest of the knobs is in lib.sh.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/kernel/lib.sh"
files=${FILES:-200} rounds=${ROUNDS:-3}

# batch NAME BLOCK-SIZE FILES MIB MKE2FS-ARGUMENTS...
batch() {
	local seed
	wanted "$1-$2" || return
	for seed in $seeds; do
		one_batch "edits-$1-$2-$seed" python3 "$srcdir/tests/kernel/edits.py" "$E4ZERO" "$driver" "$1" "$2" "$seed" \
			"$3" "$rounds" "${@:4}"
	done
}

# a few groups each; where there is no space each operation is an edit of its own
for bs in ${BLOCKS:-1024 2048 4096}; do
	mib=$((bs / 1024 * files / 4 + 16)) few=$((files / 5))
	batch extents $bs "$files" $mib -t ext4
	batch indirect $bs "$files" $mib -t ext4 -O ^extents,^64bit
	batch bigalloc $bs "$files" $((2 * mib)) -t ext4 -O bigalloc -C 16384
	batch inline_data $bs "$files" $mib -t ext4 -O inline_data -I 256
	batch inline_data-512 $bs "$files" $mib -t ext4 -O inline_data -I 512
	batch nocsum $bs "$files" $mib -t ext4 -O ^metadata_csum
	batch nojournal $bs "$files" $mib -t ext4 -O ^has_journal
	batch external $bs "$files" $mib -t ext4
	batch ext2-indirect $bs "$files" $mib -t ext2
	batch inline_data-bigalloc $bs "$files" $((2 * mib)) -t ext4 -O inline_data,bigalloc -C 16384
	batch quota $bs "$files" $mib -t ext4
	batch full $bs $few 16 -t ext4 -m 0
	batch full-reserved-inline_data $bs $few 16 -t ext4 -O inline_data -m 5
	batch full-indirect $bs $few 16 -t ext4 -O ^extents,^64bit -m 0
	batch full-bigalloc $bs $few 24 -t ext4 -O bigalloc -C 16384 -m 0
done
sum_up
