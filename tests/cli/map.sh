#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --map shows what debugfs shows: extents and their states, holes between them, blocks past EOF, indirect maps, inline
# data; it writes nothing.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# pieces IMAGE FILE: "LBLK PBLK BLOCKS STATE PAST" from the JSON report, holes left out
pieces() {
	run_e4zero 0 --json --map "$1" "$2"
	records map lblk pblk blocks state | grep -v ' hole$'
}

# extents IMAGE FILE: the same, without what is past EOF, from debugfs: leaves only
extents() {
	debugfs -R "ex -l $2" "$1" 2>/dev/null | tr '/-' '  ' | awk 'NR > 1 {
		print $5, $7, $9, ($10 == "Uninit" ? "unwritten" : "written") }'
}

edit_image image
for ((i = 0; i < 400; i++)); do echo "fallocate empty $((i * 3)) $((i * 3 + i % 2))"; done >orders
echo 'sif empty size 4915200' >>orders
echo 'punch file 1 1' >>orders
debugfs_script image <orders
remember_image image
for file in /file /small /empty; do
	pieces image $file >got
	extents image $file >wanted
	[ -s wanted ] || fail "debugfs lists nothing of $file"
	diff wanted got >&2 || fail "$file: not as debugfs lists it"
done
[ "$(wc -l <wanted)" -ge 400 ] || fail 'too few extents for a tree'

# the hole between is listed, and all of it adds up to the size
run_e4zero 0 --json --map image /file /empty
same 'hole' "$(jq -c 'select(.type == "map" and .path == "/file") | [.lblk, .pblk, .blocks, .state, .past_eof]' out |
	sed -n 2p)" '[1,null,1,"hole",false]'
same 'blocks' "$(jq -s '[.[] | select(.type == "map" and .path == "/empty") | .blocks] | add' out)" 1200
same 'inode' "$(jq -r 'select(.type == "map" and .path == "/file") | .ino' out | sort -u)" "$(ino_of image /file)"

# indirect blocks
cp image extents.img
edit_image image -O ^extent,^64bit
head -c 400000 /dev/zero | tr '\0' x >big
debugfs_script image <<<'write big big'
pieces image /big | while read -r lblk pblk len state; do
	for ((i = 0; i < len; i++)); do
		echo "$((lblk + i)) $((pblk + i)) $state"
	done
done >held
sed 's,\([0-9]*\) .*,bmap /big \1,' held | debugfs -f - image 2>/dev/null | grep -x '[0-9]*' | paste -d ' ' - <(cut -d ' ' -f 2- held) >lines
same 'blocks of /big' "$(wc -l <lines)" 98
awk '$1 != $2 || $3 != "written"' lines >wrong
[ ! -s wrong ] || fail "not as bmap says: $(cat wrong)"

# past EOF; inline; the table; a range that crosses EOF is two
debugfs_script image <<<'sif big size 5000'
run_e4zero 0 --json --map image /big
same 'past EOF' "$(rows map lblk past_eof | head -n 2 | paste -sd' ')" '[0,false] [2,true]'
run_e4zero 0 --map image /big
same 'columns' "$(head -n 1 out | tr -s ' ')" 'LBLK PBLK BLOCKS STATE EOF PATH'
same 'last line' "$(tail -n 1 out | sed 's/[0-9]* pieces/N pieces/')" 'image: N pieces in 1 file'
edit_image inline.img -O inline_data
run_e4zero 0 --json --map inline.img /small
same 'inline' "$(rows map pblk state)" '[null,"inline"]'

mv extents.img image
run_e4zero 8 --map image /file /missing
run_e4zero 8 --map image /link/below
image_unchanged image
