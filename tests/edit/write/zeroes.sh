#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --write-zeroes: whole blocks of the range end written and are zero on the disk before the commit, the bytes beside
# it stay, the file grows with it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# zeroes OFFSET LENGTH [OPTIONS]
zeroes() {
	local off=$1 len=$2
	shift 2
	rm -f trace
	run_e4zero 0 --json --write-zeroes -o "$off" -l "$len" --trace-io trace "$@" image /file
	dd if=/dev/zero of=model bs=64k count="$len" seek="$off" iflag=count_bytes oflag=seek_bytes conv=notrunc status=none
	holds image /file model
	"$E4ZERO" --json --map image /file >map
	same "not written of $off+$len $*" "$(jq -c --argjson from $(((off + 4095) / 4096)) --argjson to $(((off + len) / 4096)) \
		'select($from < $to and .type == "map" and .state != "written" and .lblk < $to and .lblk + .blocks > $from)' map)" ''
}

broad kinds 3 'extent journal' '^extent,^64bit ordered' 'bigalloc ordered' '^extent,^64bit journal' \
	'^metadata_csum ordered' 'bigalloc journal' 'extent,inline_data ordered' '^has_journal ordered' \
	'^has_journal,^extent,^64bit ordered'
for kind in "${kinds[@]}"; do
	read -r features mode <<<"$kind"
	edit_image image -O "$features"
	cp ten model
	zeroes 100 3000 --data $mode # within a block
	zeroes 4000 5000 --data $mode # over one and edges
	zeroes 9000 30000 --data $mode # and beyond EOF
	run_e4zero 0 --punch-hole -o 8192 -l 16384 image /file
	zeroes 5000 20000 --data $mode # holes
	[[ $features == *^extent* ]] || run_e4zero 0 --allocate -o 39000 -l 100000 image /file
	run_e4zero 0 --truncate 139000 image /file
	truncate -s 139000 model
	zeroes 60000 50001 --data $mode # unwritten blocks
	zeroes 200000 4096 --data $mode # a gap before it
	sound image
done

# blocks over unwritten ones are zero, durable, before the commit says that they are written
edit_image image
cp ten model
run_e4zero 0 --allocate -o 12288 -l 40960 image /file
truncate -s 53248 model
for lblk in 3 5 9; do
	pollute image $(($(physical image /file $lblk) * 4096 + 17)) 'an old secret'
done
zeroes 12288 40960
sound image
sed -n '1,/^flush/p' trace | grep -qE '^(write|zero) .* # (data|zero)' || fail "no zeroes before the first barrier: $(cat trace)"
grep -aq 'an old secret' image && fail 'old bytes are still there'

# without extents: what a hole gets is zero, durable, before the map shows it, edges too
edit_image image -O ^extent,^64bit
cp ten model
truncate -s 60000 model
run_e4zero 0 --truncate 60000 image /file
"$E4ZERO" --json --map image /file | jq -r 'select(.type == "map" and .state == "written").lblk' >held
# all that is free holds old bytes
dumpe2fs image 2>/dev/null | sed -n 's/^  Free blocks: //p' | tr ', ' '\n\n' | sed '/^$/d' |
	awk -F- '{ for (b = $1; b <= ($2 == "" ? $1 : $2) && n < 300; b++) { print b; n++ } }' >free
while read -r block; do
	printf 'an old secret' | dd of=image bs=4096 seek="$block" conv=notrunc status=none
done <free
zeroes 12300 40960
sound image
sed -n '1,/^flush/p' trace | grep -qE '^(write|zero) .* # (data|zero)' || fail "no zeroes before the first barrier: $(cat trace)"
"$E4ZERO" --json --map image /file | jq -r 'select(.type == "map" and .state == "written") | "\(.pblk) \(.blocks)"' |
	while read -r pblk blocks; do
		dd if=image bs=4096 skip="$pblk" count="$blocks" status=none
	done | grep -aq 'an old secret' && fail 'old bytes are shown'

edit_image image
untouched 16 'keep-size' image --write-zeroes -o 0 -l 4096 --keep-size image /file
untouched 16 'length' image --write-zeroes -o 0 image /file
untouched 16 'length' image --write-zeroes -o 0 -l 0 image /file
untouched 16 'offset' image --write-zeroes -l 1 image /file
