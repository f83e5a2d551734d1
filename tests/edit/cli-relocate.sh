#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --write over more visible bytes than the journal holds: the file moves to new blocks, in one transaction of a few journal
# blocks; where it cannot move (no extents, no room) it is refused with both numbers, and the image is what it was.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/cli-common.sh"
requires python3

# noise BYTES SEED: into standard output
noise() {
	python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(int(sys.argv[2])).randbytes(int(sys.argv[1])))' "$@"
}

# blocks IMAGE: those that hold the data of /file
blocks() {
	debugfs -R 'blocks /file' "$1" 2>/dev/null | tr ' ' '\n' | sort
}

# patched: old, with what is in new at OFFSET, becomes the model
patched() {
	cp old model
	dd if=new of=model bs=64k seek="$1" oflag=seek_bytes conv=notrunc status=none
}

noise 5500000 1 >old
noise 5000000 2 >new
for how in '-b 1024 -g 8192' '-b 4096' '-b 4096 -O bigalloc -C 65536' '-b 4096 -O inline_data'; do
	# shellcheck disable=SC2086 # words
	mke2fs -q -t ext4 -J size=4 $how image 48M
	debugfs_script image <<<'write old file'
	# it begins and ends within a block
	for off in 70001; do
		cp --sparse=always image moved
		blocks moved >before
		run_e4zero 0 --json --write --from new -o $off moved /file
		patched $off
		holds moved /file model
		sound moved
		[ "$(jq 'select(.type == "summary") | .transactions' out)" = 1 ] || fail "$how: not one transaction"
		[ "$(jq 'select(.type == "summary") | .log_blocks' out)" -lt 200 ] || fail "$how: the data went through the log"
		blocks moved >after
		[ "$(comm -12 before after | wc -l)" -lt $(((5500000 - 5000000 + 131072) / 1024)) ] || fail "$how: it did not move"
		# what stays is journaled: as many blocks as before
		[ "$(wc -l <before)" = "$(wc -l <after)" ] || fail "$how: i_blocks"
	done
	# ordered data go home where they are
	cp --sparse=always image moved
	run_e4zero 0 --write --from new -o 70001 --data ordered moved /file
	patched 70001
	holds moved /file model
	sound moved
	blocks moved >after
	cmp -s before after || fail "$how: ordered data moved"
done

# little enough stays in place
head -c 1000000 new >little
cp --sparse=always image moved
run_e4zero 0 --write --from little -o 4096 moved /file
blocks moved >after
cmp -s before after || fail 'what fits into the log moved'

# two writes of one script that fit alone, and not together
head -c 2500000 new >part
cp --sparse=always image moved
printf 'write /file 0 from=part\nwrite /file 3000000 from=part\n' >script
run_e4zero 0 --script script moved
cp old model
dd if=part of=model conv=notrunc status=none
dd if=part of=model bs=64k seek=3000000 oflag=seek_bytes conv=notrunc status=none
holds moved /file model
sound moved

# no extents
mke2fs -q -t ext4 -b 4096 -J size=4 -O ^extent,^64bit image 48M
debugfs_script image <<<'write old file'
untouched 8 'journal blocks' image --write --from new -o 0 image /file

# no room: there are fewer free blocks than have to move
mke2fs -q -t ext4 -b 4096 -J size=4 image 12M
debugfs_script image <<<'write old file'
untouched 8 'journal blocks' image --write --from new -o 0 image /file
