#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Blocks that the bitmap calls used and nobody has: --fix --all frees and scrubs them, unless an inode cannot be read.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

# leak IMAGE FILE BLOCKS: the file forgets its direct blocks
leak() {
	local i
	{
		for ((i = 0; i < $3; i++)); do echo "sif $2 block[$i] 0"; done
		printf '%s\n' "sif $2 size 0" "sif $2 blocks 0"
	} | debugfs_script "$1"
}

for features in ^metadata_csum metadata_csum uninit_bg,^metadata_csum ^has_journal; do
	make_image image 24M -b 1024 -O "^extent,^64bit,$features"
	text ten 10000 $'LEAKED bytes\n'
	printf '%s\n' 'write ten file' 'write ten other' | debugfs_script image
	leak image file 10
	run_e4zero 4 --json --check --all image
	same "found of $features" "$(records finding kind blocks fixable)" 'leaked-block 10 true'
	same 'leaked bytes' "$(class leaked-block bytes)" 10240
	cp image unreadable
	run_e4zero 0 --json --fix --all image
	same 'fixed' "$(records summary fixed left)" '1 0'
	sound image
	holds image /other ten
	run_e4zero 0 --json --check --all image
	adds_up image
	same 'free bytes that are not zero' "$(free_bytes image)" 0
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
	# one inode that cannot be read may have them
	debugfs_script unreadable <<<'sif other block[1] 7'
	run_e4zero 4 --json --fix --all unreadable
	same 'left' "$(records finding kind fixed why | grep leaked)" 'leaked-block false they may belong to an inode that cannot be read'
	[ "$(grep -ac LEAKED unreadable)" -gt 0 ] || fail "$features: leaked blocks were scrubbed"
done

# with blocks of one kind alone, too
make_image image 24M -b 1024 -O ^extent,^64bit
text ten 10000 $'LEAKED bytes\n'
debugfs_script image <<<'write ten file'
leak image file 10
run_e4zero 0 --json --fix --only leaked-block image
! grep -aq LEAKED image || fail 'freed, and not scrubbed'

# a finding is about all of them, the first one too, although it is zero
make_image image 24M -b 1024 -O ^extent,^64bit
text ten 10000 $'LEAKED bytes\n'
cat <(head -c 1024 /dev/zero) ten >zero
debugfs_script image <<<'write zero file'
block=$(physical image /file 1)
debugfs_script image <<<"$(printf '%s\n' "sif file block[1] 0" "sif file block[2] 0" "sif file blocks 18")"
python3 -c "f = open('image', 'r+b'); f.seek($block * 1024); f.write(bytes(1024))"
run_e4zero 4 --json --check --only leaked-block image
same 'the blocks that nobody has' "$(records finding pblk blocks first)" "$block 2 $(((block + 1) * 1024))"
