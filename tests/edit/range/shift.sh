#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --collapse-range removes whole blocks of a file and --insert-range inserts a hole of them; what follows moves
# and keeps its place on the disk. What does not fit is refused.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# what becomes of the host file "model"
cut() { # OFFSET LENGTH
	{ head -c "$1" model; tail -c +$(($1 + $2 + 1)) model; } >next && mv next model
}
open_hole() {
	{ head -c "$1" model; head -c "$2" /dev/zero; tail -c +$(($1 + 1)) model; } >next && mv next model
}

# shifted VERB OFFSET LENGTH [OPTIONS]
shifted() {
	rm -f trace
	run_e4zero 0 --json --"$1" -o "$2" -l "$3" --trace-io trace "${@:4}" image /file
	if [ "$1" = collapse-range ]; then cut "$2" "$3"; else open_hole "$2" "$3"; fi
	holds image /file model
	same "bytes of $*" "$(field size_after edit)" "$(stat -c %s model)"
	same "data written by $*" "$(grep -c '^[wz].*# data' trace)" 0

}

broad kinds 2 '4096 extent' '65536 bigalloc' '4096 ^metadata_csum' '4096 extent,inline_data' '4096 ^has_journal'
for kind in "${kinds[@]}"; do
	read -r unit features <<<"$kind"
	edit_image image -O "$features"
	head -c $((10 * unit + 1234)) /dev/urandom >model
	debugfs_script image <<-END2
		rm file
		write model file
	END2
	shifted collapse-range $unit $((2 * unit))
	shifted insert-range 0 $unit
	shifted insert-range $((4 * unit)) $((3 * unit)) --data ordered
	shifted collapse-range 0 $((5 * unit))
	shifted insert-range $unit $unit
	sound image
	size=$(stat -c %s model)
	untouched 8 'multiples of' image --collapse-range -o 100 -l $unit image /file
	untouched 8 'multiples of' image --collapse-range -o 0 -l $((unit + 1)) image /file
	untouched 8 'multiples of' image --insert-range -o $((unit / 2)) -l $unit image /file
	untouched 8 'reaches EOF' image --collapse-range -o 0 -l $(((size + unit - 1) / unit * unit)) image /file
	untouched 8 'at or past EOF' image --insert-range -o $(((size + unit - 1) / unit * unit)) -l $unit image /file
	untouched 8 'can hold' image --insert-range -o 0 -l 16T image /file
done

# old bytes past EOF are not carried into the file's sight
edit_image image
cp ten model
debugfs_script image <<<'sif file size 9000'
truncate -s 9000 model
run_e4zero 0 --insert-range -o 4096 -l 8192 image /file
open_hole 4096 8192
holds image /file model
sound image

edit_image image -O ^extent,^64bit
untouched 8 'no extents' image --collapse-range -o 0 -l 4096 image /file
untouched 8 'no extents' image --insert-range -o 0 -l 4096 image /file
untouched 16 'split' image --split --insert-range -o 0 -l 4096 image /file
untouched 16 'keep-size' image --collapse-range -o 0 -l 4096 --keep-size image /file
