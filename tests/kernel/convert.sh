#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole images are converted in every direction, on every kind of file system; the kernel shows what came of it.
# FILES of each batch; the rest of the knobs is in lib.sh.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/kernel/lib.sh"
files=${FILES:-24}

# batch NAME BLOCK-SIZE MIB MKE2FS-ARGUMENTS...
batch() {
	local seed
	wanted "$1-$2" || return
	for seed in $seeds; do
		one_batch "$1-$2-$seed" python3 "$srcdir/tests/kernel/convert.py" "$E4ZERO" "$1" "$2" "$seed" "$files" "$3" \
			"${@:4}"
	done
}

for bs in 1024 4096; do
	mib=$((bs == 1024 ? 32 : 96))
	batch extents $bs $mib -t ext4
	batch nocsum $bs $mib -t ext4 -O ^metadata_csum
	batch bigalloc $bs $mib -t ext4 -O bigalloc -C 16384
	batch indirect $bs $mib -t ext4 -O ^extents,^64bit
	batch inline_data $bs $mib -t ext4 -O inline_data -I 256
	batch nojournal $bs $mib -t ext4 -O ^has_journal
	batch external $bs $mib -t ext4
done
sum_up
