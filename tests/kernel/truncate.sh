#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sequences of truncates, by us and by the kernel, on every kind of file system.
# FILES and STEPS of each batch; the rest of the knobs is in lib.sh.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/kernel/lib.sh"
files=${FILES:-24} steps=${STEPS:-3}

# batch NAME BLOCK-SIZE MIB MKE2FS-ARGUMENTS...
batch() {
	local seed
	wanted "$1-$2" || return
	for seed in $seeds; do
		one_batch "$1-$2-$seed" python3 "$srcdir/tests/kernel/sequences.py" "$driver" "$1" "$2" "$seed" "$files" \
			"$steps" "$3" "${@:4}"
	done
}

# sizes BLOCK-SIZE: a few groups each; group sizes are in blocks
sizes() {
	case $1 in
	1024) mib=32 groups='-g 8192' ;;
	2048) mib=40 groups='-g 4096' ;;
	4096) mib=56 groups='-g 2048' ;;
	esac
}

for bs in ${BLOCKS:-1024 2048 4096}; do
	sizes $bs
	# shellcheck disable=SC2086 # words
	{
		batch extents $bs $mib -t ext4 $groups
		batch indirect $bs $mib -t ext4 -O ^extents,^64bit $groups
		batch bigalloc $bs $mib -t ext4 -O bigalloc -C 16384
		batch inline_data $bs $mib -t ext4 -O inline_data -I 256 $groups
		batch inline_data-512 $bs $mib -t ext4 -O inline_data -I 512 $groups
		batch nocsum $bs $mib -t ext4 -O ^metadata_csum $groups
		batch nocsum-gdt $bs $mib -t ext4 -O ^metadata_csum,uninit_bg $groups
		batch small-inode $bs $mib -t ext4 -I 128 $groups
		batch nojournal $bs $mib -t ext4 -O ^has_journal $groups
		batch external $bs $mib -t ext4 $groups
		batch no64bit $bs $mib -t ext4 -O ^64bit $groups
		batch meta_bg $bs $mib -t ext4 -O meta_bg,^resize_inode $groups
		batch quota $bs $mib -t ext4 $groups
		batch full-inline_data $bs 16 -t ext4 -O inline_data -m 0
		batch full-reserved-inline_data $bs 16 -t ext4 -O inline_data -m 5
		batch ext2-indirect $bs $mib -t ext2 $groups
		batch ext2-small-indirect $bs $mib -t ext2 -O ^resize_inode,^large_file $groups
		batch ext3-indirect $bs $mib -t ext3 $groups
		batch no-huge_file $bs $mib -t ext4 -O ^huge_file $groups
		batch orphan_file $bs $mib -t ext4 -O orphan_file,metadata_csum_seed $groups
		batch bigalloc-nocsum $bs $mib -t ext4 -O bigalloc,^metadata_csum -C 16384
		batch inline_data-indirect $bs $mib -t ext4 -O inline_data,^extents,^64bit $groups
	}
done
sum_up
