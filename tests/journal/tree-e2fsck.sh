#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tree and the map writer against e2fsck: random edits of real images, of depth 0 to 3; after each round e2fsck -fn must say
# nothing at all, hints about trees that could be narrower or shorter included. E4Z_FUZZ multiplies the rounds.
. "${srcdir:-.}/tests/lib.sh"

requires mke2fs
requires debugfs
requires e2fsck
edit=$builddir/tests/journal/tree-edit
[ -x "$edit" ] || skip "$edit is not built"
rounds=$((3 * ${E4Z_FUZZ:-1}))
checks=0 depths=

# silent IMAGE: e2fsck has passes and the summary to report, no more
silent() {
	local rc
	e2fsck -fn "$1" >fsck.out 2>&1
	rc=$?
	if [ $rc != 0 ] || grep -vE '^(e2fsck |Pass [1-5]: |[^ ]+: [0-9]+/[0-9]+ files )' fsck.out | grep -q .; then
		cat fsck.out >&2
		fail "e2fsck -fn $1: exit $rc"
	fi
	checks=$((checks + 1))
}

# depth_of IMAGE: the depth of the tree's root, or "map"
depth_of() {
	debugfs -R 'ex <12>' "$1" 2>/dev/null | awk 'NR == 2 { split($0, part, "/"); print part[2] + 0 }'
}

# run NAME BLOCK_SIZE FEATURES EXTENTS EDITS WANTED_DEPTH
run() {
	local image=$1.img round want=$6 depth
	rm -f "$image"
	mke2fs -q -t ext4 -b "$2" -O "$3" "$image" 200M >mke2fs.out 2>&1 || fail "mke2fs: $(cat mke2fs.out)"
	debugfs -w -R 'write /dev/null file' "$image" >/dev/null 2>&1
	silent "$image"
	"$edit" "$image" 12 "$4" "$4" 0 >edit.out || fail "$1: tree-edit"
	silent "$image"
	if [ "$want" != map ]; then
		depth=$(depth_of "$image")
		[ "$depth" = "$want" ] || fail "$1: depth $depth, not $want"
		depths="$depths $depth"
	fi
	for ((round = 1; round <= rounds; round++)); do
		"$edit" "$image" 12 "$round" 0 "$5" >edit.out || fail "$1: tree-edit, round $round"
		silent "$image"
	done
	rm -f "$image"
}

run d0 1024 metadata_csum 4 3 0
run d1 1024 metadata_csum 200 60 1
run d2 1024 metadata_csum,64bit 6000 300 2
run d3 1024 metadata_csum,64bit 32000 300 3
run d3plain 1024 ^metadata_csum 32000 300 3
run k4d1 4096 metadata_csum 1000 60 1
run k4d2 4096 metadata_csum 6000 300 2
run map1 1024 ^extent,^64bit,^metadata_csum 5000 60 map
run map3 1024 ^extent,^64bit,metadata_csum 70000 60 map
run map4 4096 ^extent,^64bit 8000 60 map
echo "$name: e2fsck -fn silent $checks times; depths:$depths"
