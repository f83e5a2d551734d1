#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a crash leaves past EOF comes to light after the next one; after --fix nothing does. FILES of each batch; the
# rest of the knobs is in lib.sh.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/kernel/lib.sh"
files=${FILES:-48}

# batch NAME BLOCK-SIZE MKE2FS-ARGUMENTS...
batch() {
	local seed
	wanted "$1-$2" || return
	for seed in $seeds; do
		one_batch "$1-$2-$seed" python3 "$srcdir/tests/kernel/natural.py" "$E4ZERO" "$seed" "$files" "${@:2}"
	done
}

for bs in 1024 4096; do
	batch extents $bs -t ext4
	batch nocsum $bs -t ext4 -O ^metadata_csum
	batch indirect $bs -t ext4 -O ^extents,^64bit
	batch bigalloc $bs -t ext4 -O bigalloc -C 16384
done
sum_up
