#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --zero-range, --punch-hole and --allocate do to a file what fallocate(2) says: bytes, size and states of blocks,
# with every kind of map, and nothing outside the range changes.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# model VERB OFFSET LENGTH [keep]: what becomes of the host file "model"
model() {
	local off=$2 end=$(($2 + $3)) size
	size=$(stat -c %s model)
	if [ "$1" != punch-hole ] && [ "${4-}" != keep ] && [ $end -gt "$size" ]; then
		truncate -s $end model
		size=$end
	fi
	[ $end -le "$size" ] || end=$size
	[ "$1" = allocate ] || [ "$off" -ge "$size" ] ||
		dd if=/dev/zero of=model bs=64K count=$((end - off)) seek="$off" iflag=count_bytes oflag=seek_bytes \
			conv=notrunc status=none || fail dd
}

# range VERB OFFSET LENGTH [OPTIONS...]: by us and in the model
range() {
	local verb=$1 off=$2 len=$3 keep=
	shift 3
	[[ " $* " != *' --keep-size '* ]] || keep=keep
	run_e4zero 0 --"$verb" -o "$off" -l "$len" "$@" image /file
	model "$verb" "$off" "$len" $keep
	holds image /file model
	sound image
}

# states: of the blocks of /file
states() {
	"$E4ZERO" --json --map image /file | jq -r 'select(.type == "map") | "\(.state):\(.lblk)+\(.blocks)"' | paste -sd' '
}

broad kinds 1 extent extent,inline_data ^metadata_csum ^has_journal
for features in "${kinds[@]}"; do
	edit_image image -O "$features"
	cp ten model
	range zero-range 5000 3
	range punch-hole 4000 200
	range zero-range 4096 4096
	same "states with $features" "$(states)" 'written:0+1 unwritten:1+1 written:2+1'
	range punch-hole 4096 4096
	same "states with $features" "$(states)" 'written:0+1 hole:1+1 written:2+1'
	range allocate 4100 10
	same "states with $features" "$(states)" 'written:0+1 unwritten:1+1 written:2+1'
	range zero-range 9000 20000 --data ordered
	range allocate 40000 10000 --keep-size
	range allocate 30000 100
	range zero-range 1 50000 --keep-size
	range punch-hole 0 1000000
	same "written with $features" "$(states | tr ' ' '\n' | grep -c ^written)" 0
	# what was allocated past the block of EOF stays
	states | grep -q 'unwritten:8' || fail "$features: $(states)"
	range punch-hole 100000 5
done

# a file of a few bytes in its inode moves out
edit_image image -O inline_data
debugfs_script image <<<'rm file'
echo short >model
debugfs_script image <<<'write model file'
same 'inline' "$(states)" 'inline:0+1'
range punch-hole 2 2
same 'no longer inline' "$(states)" 'written:0+1'
# for extents, which reach further than the indirect blocks of small ones; truncate and write ask before it moves
edit_image image -b 1024 -O inline_data
debugfs_script image <<<'rm file'
debugfs_script image <<<'write model file'
untouched 8 'can hold 17247252480 bytes at most' image --truncate 17247252481 image /file
untouched 8 'can hold 17247252480 bytes at most' image --write -o 17247252480 --from small image /file
run_e4zero 0 --allocate -o 100G -l 1k image /file
run_e4zero 0 --insert-range -o 1k -l 1T image /file
sound image

# without extents there are holes only
edit_image image -O ^extent,^64bit
cp ten model
range punch-hole 3000 6000
same 'states without extents' "$(states)" 'written:0+1 hole:1+1 written:2+1'
untouched 8 'no extents' image --zero-range -o 0 -l 1 image /file
untouched 8 'no extents' image --allocate -o 0 -l 1 image /file

# bigalloc: a block in a cluster that the file owns already needs no other, and shows nothing
make_image image 64M -O bigalloc -C 16384
debugfs_script image <<<'write ten file'
cp ten model
range zero-range 4096 50000
range punch-hole 4096 4096
range allocate 4096 100000
range punch-hole 0 30000
range zero-range 10 10 --keep-size

# stale bytes past EOF come into nobody's sight
edit_image image
cp ten model
debugfs_script image <<<'sif file size 3000'
truncate -s 3000 model
range zero-range 2000 3000
edit_image image
cp ten model
debugfs_script image <<<'sif file size 3000'
truncate -s 3000 model
range allocate 8000 1000
