#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole images are converted in every direction, on every kind of file system; the kernel shows what came of it.
# SEEDS: which; KINDS: a pattern of names; FILES of each batch.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

for tool in python3 mke2fs e2fsck mount; do requires $tool; done
requires_loop
[ -x "$E4ZERO" ] || skip "$E4ZERO is not built"
export PYTHONDONTWRITEBYTECODE=1
seeds=${SEEDS:-1} files=${FILES:-24} passed=0 failed=0

detach_all() {
	local device file
	mountpoint -q "$tmp/work/mnt" && umount "$tmp/work/mnt"
	losetup -n -O NAME,BACK-FILE -l | while read -r device file; do
		case $file in "$tmp"/*) losetup -d "$device" ;; esac
	done
}
cleanup_fn detach_all

# batch NAME BLOCK-SIZE MIB MKE2FS-ARGUMENTS...
batch() {
	local seed
	# shellcheck disable=SC2053 # a pattern
	[[ $1-$2 == ${KINDS:-*} ]] || return 0
	for seed in $seeds; do
		mkdir work
		if (cd work && python3 "$srcdir/tests/kernel/convert.py" "$E4ZERO" "$1" "$2" "$seed" "$files" "$3" "${@:4}" 2>&1 |
				tee -a "$tmp/log"
			exit "${PIPESTATUS[0]}"); then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			detach_all
		fi
		rm -rf --one-file-system work
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
echo "$passed batches passed, $failed failed"
[ $failed = 0 ]
