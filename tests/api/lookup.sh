#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A name is found by the hash tree of its directory, whichever hash that has, and whatever is wrong with the tree every
# name is found that a walk finds, and no other.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
lookup=$builddir/tests/api/lookup
[ -x "$lookup" ] || skip 'tests/api/lookup is not built'
requires mke2fs
requires tune2fs
requires debugfs
requires e2fsck
requires python3
hash_seed=01234567-89ab-cdef-fedc-ba9876543210

# looked_up DIRECTORY TREE WALK: so many names by the tree, so many by a walk alone
looked_up() {
	"$lookup" image "$1" >out 2>err || fail "$what: $1: $(cat err)"
	read -r _ tree walk absent <out
	[ "$tree $walk" = "$2 $3" ] || fail "$what: $1: $tree by the tree, $walk by a walk; wanted $2 and $3"
	[ "$absent" -gt 0 ] || fail "$what: no absent name was looked up"
}

# indexed: have e2fsck index the directories of the image
indexed() {
	e2fsck -fyD image >e2fsck.log 2>&1
	[ $? -le 1 ] || fail "$what: $(cat e2fsck.log)"
	e2fsck -fn image >e2fsck.log 2>&1 || fail "$what: $(cat e2fsck.log)"
}

# image_of HASH SIGN [mke2fs options]: a tree of two levels with names of all kinds, 1600 with "." and ".."
image_of() {
	mke2fs -q -F -t ext4 -b 1024 -N 2000 -E hash_seed=$hash_seed "${@:3}" -d tree image 16M \
		>mke2fs.log 2>&1 || fail "$what: mke2fs: $(cat mke2fs.log)"
	tune2fs -E "hash_alg=$1" image >/dev/null || fail "$what: tune2fs"
	debugfs -w -R "ssv flags $2" image 2>/dev/null
}

level() {
	debugfs -R 'htree /d' image 2>/dev/null | sed -n 's/.*Indirect levels: //p' | head -1
}

mkdir -p tree/d
python3 - <<-'END'
	# bytes from 128 on hash differently signed and unsigned
	for i in range(1598):
	    name = ["%d", "\u00c4rger-%d", "a-long-name-" * 16 + "%d", "\u96ea%d" + "\u00df" * 40][i % 4] % i
	    open("tree/d/" + name, "w").close()
END
for hash in half_md4 legacy tea; do
	for sign in 1 2; do
		what="$hash, sign $sign"
		image_of "$hash" "$sign"
		looked_up /d 0 1600
		indexed
		[ "$(level)" = 1 ] || fail "$what: $(level) levels"
		looked_up /d 1600 0
		# what the superblock says of the sign is wrong: the ASCII names hash alike
		cp --sparse=always image kept
		debugfs -w -R "ssv flags $((3 - sign))" image 2>/dev/null
		"$lookup" image /d >out 2>err || fail "$what: the other sign: $(cat err)"
		read -r _ tree walk _ <out
		[[ $tree -ge 802 && $walk -gt 200 ]] || fail "$what: the other sign: $(cat out)"
		mv kept image
	done
done

# the last one again, without what an index needs
what='no index flag'
cp --sparse=always image kept
debugfs -w -R 'sif /d flags 0x80000' image 2>/dev/null
looked_up /d 0 1600
what='no dir_index'
cp --sparse=always kept image
debugfs -w -R 'feature -dir_index' image >/dev/null 2>&1
looked_up /d 0 1600
sizes=()
broad sizes 2 4096 65536 2048
for blocks in "${sizes[@]}"; do
	what="blocks of $blocks"
	mke2fs -q -F -t ext4 -b "$blocks" -N 2000 -d tree image 32M >mke2fs.log 2>&1 || fail "$what: $(cat mke2fs.log)"
	indexed
	looked_up /d 1600 0
done
what='indirect map'
image_of half_md4 1 -O ^extent,^64bit,^metadata_csum
indexed
looked_up /d 1600 0
what='bigalloc'
image_of half_md4 1 -O bigalloc
indexed
looked_up /d 1600 0

what='casefold'
image_of half_md4 1 -O casefold -E encoding=utf8
debugfs -w -R 'sif /d flags 0x40080000' image 2>/dev/null
indexed
looked_up /d 1600 0
what='encrypted' # the hash is of what is on the disk
image_of half_md4 1 -O encrypt
indexed
debugfs -w -R 'sif /d flags 0x81800' image 2>/dev/null
looked_up /d 1600 0
what='encrypted and casefold' # the hash needs a key
image_of half_md4 1 -O encrypt,casefold -E encoding=utf8
indexed
debugfs -w -R 'sif /d flags 0x40081800' image 2>/dev/null
looked_up /d 2 1598

what='collisions'
mkdir -p few/d
image_of half_md4 1
"$lookup" --collide image 100 >names || fail 'no collisions'
(cd few/d && xargs touch <../../names)
(rm -rf tree && mv few tree)
image_of half_md4 1
indexed
debugfs -R 'htree /d' image 2>/dev/null |
	grep -q 'Hash 0x.......[13579bdf]' || fail "$what: none goes on in the next block"
looked_up /d 102 0

# A tree of one level, whose root alone says where a name is.
rm -rf tree
mkdir -p tree/d
(cd tree/d && seq -f 'name-%03g-that-is-not-short' 0 599 | xargs touch)
what='tree of one level'
image_of half_md4 1
indexed
[ "$(level)" = 0 ] || fail "$what: $(level) levels"
looked_up /d 602 0
mv image sound
hash=$(debugfs -R "dx_hash -h half_md4 -s $hash_seed name-300-that-is-not-short" sound 2>/dev/null |
	sed -n 's/.* is 0x\([0-9a-f]*\).*/\1/p')
[ -n "$hash" ] || fail 'debugfs does not say the hash'

# damaged TREE CHANGE...: after that so many of its names are found by the tree
damaged() {
	local wanted=$1
	shift
	what="damaged: $*"
	cp --sparse=always sound image
	python3 "$srcdir/tests/api/lookup.py" image /d "$@" || fail "$what"
	"$lookup" image /d >out 2>err || fail "$what: $(cat err)"
	read -r _ tree walk _ <out
	[ $((tree + walk)) = 602 ] || fail "$what: $(cat out)"
	[ "$wanted" = any ] || [ "$tree" = "$wanted" ] || fail "$what: $tree by the tree, wanted $wanted"
}

# all blocks are said to continue the names of one hash: found wherever it is, and the walk is not needed
damaged any continue "$hash"
continued=$tree
damaged any stop "$hash"
[ "$continued" -gt "$tree" ] || fail "as many names ($tree) without the continuation"
damaged 2 loop
damaged 2 beyond
damaged 2 root 24 01      # reserved_zero
damaged 2 root 28 03      # a hash that only libext2fs knows
damaged 2 root 28 06      # siphash
damaged 2 root 28 ff
damaged 2 root 29 00      # the length of the info
damaged 2 root 29 ff
damaged 2 root 30 02      # a level too many without large_dir
damaged 2 root 30 ff
damaged 2 root 31 01      # flags
damaged 2 root 32 ffff    # limit
damaged 2 root 32 0000
damaged 2 root 34 0000    # count
damaged 2 root 34 ffff
damaged any root 34 0100
damaged any root 30 01    # leaves where index blocks should be
seeds=()
broad seeds 4 $(seq 100)
for seed in "${seeds[@]}"; do
	damaged any random "$seed"
done

# and with two levels
rm -rf tree
mkdir -p tree/d
long=that-is-rather-long-so-that-few-fit-into-a-block-of-a-kibibyte-and-the-tree-has-two-levels
(cd tree/d && seq -f "a-name-%04g-$long" 1700 | xargs touch)
what='tree of two levels'
image_of tea 2
indexed
[ "$(level)" = 1 ] || fail "$what: $(level) levels"
looked_up /d 1702 0
mv image sound
for seed in "${seeds[@]}"; do
	what="damaged: random $seed, two levels"
	cp --sparse=always sound image
	python3 "$srcdir/tests/api/lookup.py" image /d random "$seed" || fail "$what"
	"$lookup" image /d >out 2>err || fail "$what: $(cat err)"
done
