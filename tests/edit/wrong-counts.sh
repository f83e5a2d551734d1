#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The superblock's free counts are not believed: an edit counts the groups', writes these where it changes them, and
# changes nothing where it changes nothing.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# free IMAGE: what the superblock says, blocks and inodes
free() {
	dumpe2fs -h "$1" 2>/dev/null | awk -F: '/^Free (blocks|inodes)/ { printf "%d ", $2 }'
}

for options in '' '-O ^has_journal' '-O ^metadata_csum,^64bit' '-O bigalloc'; do
	for wrong in 7 4000000; do
		# shellcheck disable=SC2086 # several options
		edit_image model $options
		cp model image
		debugfs_script image <<-END
			ssv free_blocks_count $wrong
			ssv free_inodes_count 3
		END
		remember_image image
		run_e4zero 0 --truncate 10000 image /file
		run_e4zero 0 --allocate -n -o 0 -l 1M image /file
		run_e4zero 0 --fix image
		image_unchanged image
		run_e4zero 0 --allocate -o 0 -l 1M image /file
		run_e4zero 0 --allocate -o 0 -l 1M model /file
		same "counts of '$options' after $wrong" "$(free image)" "$(free model)"
		sound image
		head -c 2M /dev/urandom >data
		run_e4zero 0 --write --from data -o 4096 image /small
		sound image
		run_e4zero 0 --truncate 0 image /small
		sound image
	done
done

# a count that promises too much is no way to more than there is
edit_image image
debugfs_script image <<<'ssv free_blocks_count 4000000'
untouched 8 'No space|free blocks' image --allocate -o 0 -l 1G image /file

# a dry run of several transactions counts from the groups in each of them
edit_image image -O ^metadata_csum
debugfs_script image <<-END
	feature needs_recovery
	ssv free_blocks_count 5
END
printf 'allocate /file 0 1M\ncommit\nallocate /empty 0 1M\n' >script
remember_image image
run_e4zero 0 --script script --dry-run image
image_unchanged image
run_e4zero 0 --script script image
sound image
