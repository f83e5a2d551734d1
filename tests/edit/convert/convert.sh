#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --convert, of a file and of the whole image: the states are what was asked for, the contents what they were, e2fsck
# is silent, times stay, and the second time nothing is written.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/convert/common.sh"

# facts: times, versions and sizes
facts() {
	local file
	for file in file plain zeroes empty kept; do
		debugfs -R "stat /$file" image 2>/dev/null | grep -E 'time:|Version|Size'
	done
	dumpe2fs -h image 2>/dev/null | grep -E ' time:'
}

# all TO
all() {
	run_e4zero 0 --convert "$1" image
	contents image
	sound image
	again 0 --convert "$1" image
	same "facts after $1" "$(facts)" "$before"
}

broad kinds 1 1024:16:extent 4096:32:extent 4096:16:^has_journal 65536:48:^has_journal
for kind in "${kinds[@]}"; do
	IFS=: read -r bs mib features <<<"$kind"
	dirty_image image "$mib" "$bs" -O "$features"
	before=$(facts)
	same 'first' "$(states image /file)" \
		'0+10:written 10+20:unwritten 30+10:written 40+10:hole 50+1:written'
	all unwritten
	same 'unwritten' "$(states image /file)" \
		'0+10:written 10+30:unwritten 40+10:hole 50+1:written'
	same 'zeroes' "$(states image /zeroes)" '0+8:unwritten'
	all written
	same 'written' "$(states image /file)" '0+40:written 40+10:hole 50+1:written'
	same 'zeroes' "$(states image /zeroes)" '0+8:written'
	same 'what is past EOF' "$(states image /kept)" '0+1:written 1+5:unwritten'
	all hole
	same 'hole' "$(states image /file)" '0+10:written 10+40:hole 50+1:written'
	same 'zeroes' "$(states image /zeroes)" '0+8:hole'
	same 'what was past EOF' "$(states image /kept)" '0+1:written'
done

# the same files by name, number and symbolic link
dirty_image image 32 4096
debugfs_script image <<<'symlink link file'
run_e4zero 0 --json --convert written image /link "<$(ino_of image /zeroes)>"
same 'edits' "$(jq -c 'select(.type == "edit") | [.path, .requested, .hole, .unwritten_clean, .written_disk,
	.already_zero, .did_zero, .zero_written, .blocks_converted, .blocks_freed, .size_before == .size_after]' out |
	paste -sd ' ')" "[\"/link\",208896,40960,81920,86016,0,true,false,20,0,true]$(
	) [null,32768,0,0,32768,0,false,false,0,0,true]"
same 'files' "$(field files summary)" 2
contents image
sound image
again 0 --convert written image /link /zeroes
run_e4zero 1 --fsck-codes --json --convert unwritten image /file
same 'edit' "$(rows edit op written_disk already_zero blocks_converted did_zero)" \
	'["convert unwritten",45056,122880,30,false]'
run_e4zero 0 --json --convert hole image /zeroes /file
same 'holes' "$(jq -c 'select(.type == "edit") | [.blocks_converted, .blocks_freed >= .blocks_converted]' out |
	paste -sd ' ')" '[8,true] [30,true]'
contents image
sound image

# with indirect maps there are holes, and nothing else to become
dirty_image image 32 4096 -O ^extent,^64bit
before=$(facts)
all hole
same 'hole' "$(states image /file)" '0+10:written 10+40:hole 50+1:written'
all written
untouched 8 'indirect blocks, which have no unwritten state' image --convert unwritten image /file
run_e4zero 0 --json --convert unwritten image
same 'skipped' "$(records skipped path | sort | paste -sd ' ')" '/file /kept /plain'

# a cluster is freed with its last block
dirty_image image 32 4096 -O bigalloc -C 16384
before=$(facts)
all unwritten
all written
all hole
same 'hole' "$(states image /file)" '0+10:written 10+40:hole 50+1:written'
