#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all where a block of a directory is corrupt: nothing of it changes, and it is named. Of a hash tree that is not whole no
# block of the directory changes.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

# poke IMAGE BYTE TEXT: as pollute(), with the escapes of printf(1)
poke() {
	# shellcheck disable=SC2059 # bytes that no text can have
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none || fail "dd $1"
}

# block_of IMAGE FILE BLOCK: its bytes
block_of() {
	dd if="$1" bs=1024 skip="$(physical "$1" "$2" "$3")" count=1 status=none
}

# left IMAGE KIND PATH WHY: one finding is left, all others are fixed, and the directory's first block is as it was
left() {
	block_of "$1" "$3" 0 >block
	run_e4zero 4 --json --check --all "$1"
	same "$4: what is not fixable" "$(records finding kind path fixable why | grep false)" "$2 $3 false $4"
	same "$4: the sum" "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	run_e4zero 4 --json --fix --all "$1"
	summary left
	# shellcheck disable=SC2154 # summary makes it
	same "$4: left" "$left" 1
	block_of "$1" "$3" 0 | cmp - block || fail "$4: the block was changed"
	run_e4zero 4 --json --check --all "$1"
	same "$4: afterwards" "$(records finding kind path fixable why)" "$2 $3 false $4"
}

mkdir -p tree/few tree/many
for ((i = 0; i < 10; i++)); do : >tree/few/SECRET$i; done
for ((i = 0; i < 300; i++)); do : >"tree/many/a name that fills a block $i"; done
for features in metadata_csum ^metadata_csum; do
	rm -f "image.$features"
	mke2fs -q -F -t ext4 -b 1024 -N 4000 -O "$features" -d tree "image.$features" 24M >mke2fs.log 2>&1 ||
		fail "mke2fs: $(cat mke2fs.log)"
	e2fsck -fyD "image.$features" >e2fsck.log 2>&1
	printf 'rm /few/SECRET%d\n' 1 4 5 9 | debugfs_script "image.$features"
	printf 'rm "/many/a name that fills a block %d"\n' 30 40 50 90 | debugfs_script "image.$features"
	run_e4zero 0 "image.$features"
done
few=$(($(physical image.^metadata_csum /few 0) * 1024))
many=$(($(physical image.^metadata_csum /many 0) * 1024))

entry='an entry of the directory is corrupt'
while read -r at bytes; do
	cp image.^metadata_csum image
	poke image $((few + at)) "$bytes"
	left image dir-slack /few "$entry"
done <<-END
	16 \\0\\0
	16 \\1\\0
	16 \\0\\4
	18 \\377
	30 \\0
	4 \\177
	12 \\377\\377\\377\\177
END

tree='the hash tree of the directory is corrupt'
while read -r at bytes; do
	cp image.^metadata_csum image
	poke image $((many + at)) "$bytes"
	left image htree-slack /many "$tree"
done <<-END
	32 \\377\\377
	34 \\377\\377
	34 \\0\\0
	36 \\377\\0
	30 \\1
	30 \\7
	29 \\7
END

cp image.metadata_csum image
poke image $(($(physical image /few 0) * 1024 + 1000)) x
left image dir-slack /few 'the checksum of a block of the directory is wrong'
cp image.metadata_csum image
poke image $(($(physical image /many 0) * 1024 + 37)) '\1'
left image htree-slack /many 'the checksum of a block of the directory is wrong'

# a tree that is corrupt hides what is in its leaves, not what is in other directories
! grep -aq 'SECRET[1459]' image || fail 'the names of the other directory are still there'
