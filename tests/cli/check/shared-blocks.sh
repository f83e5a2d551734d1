#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With shared_blocks a byte is stale when it is past the EOF of every file that has its block; edits are refused.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq

# share FILE OTHER: FILE has the first block of OTHER instead of its own
share() {
	debugfs_script image <<<"sif $1 block[5] $(physical image "$2" 0)"
}

# /short 100 bytes and /long all of one block; /a 1000 and /b 2000 of another; /tail alone; /past has the block of /whole
# past its EOF; /overdir that of the root directory
make_image image 16M
debugfs_script image <<<'feature shared_blocks'
head -c 4096 /dev/zero | tr '\0' x >four
for file in short long a b tail whole past overdir; do
	echo "write four $file"
done | debugfs_script image
share short long
share a b
share past whole
debugfs_script image <<-END
	sif short size 100
	sif long size 4096
	sif a size 1000
	sif b size 2000
	sif tail size 7
	sif past size 0
	sif overdir size 20
	sif overdir block[5] $(physical image / 0)
END
remember_image image
for jobs in 1 4; do
	run_e4zero 4 --json -j $jobs image
	same "findings by $jobs" "$(rows finding path kind first last nonzero fixable)" \
		'["/a","stale-tail",2000,4095,2096,false]
["/b","stale-tail",2000,4095,2096,false]
["/tail","stale-tail",7,4095,4089,false]
["/past","post-eof-zero",null,null,0,false]'
	! grep -q '"skipped"' <(jq -r .type out) || fail 'it is skipped'
done
run_e4zero 0 --json image /short
run_e4zero 4 --json image /a
same 'of one file' "$(kinds)" '/a stale-tail'
python3 "$srcdir/tests/witness/witness.py" image | jq -c '[.path, .kind, .first, .last, .nonzero, .fixable]' >witness
run_e4zero 4 --json image
rows finding path kind first last nonzero fixable | diff - witness || fail 'the witness disagrees'
# nobody is unreadable because of a block of his data: it is read whoever claims it as a block of a tree
PYTHONDONTWRITEBYTECODE=1 python3 - "$srcdir/tests/fuzz" <<-'END' || fail 'the image'
	import sys
	sys.path.insert(0, sys.argv[1])
	sys.argv[1] = "."
	from craft import Image, index, leaf, node
	img = Image()
	tree = img.alloc()
	img.block(tree, node([leaf(0, 1, img.alloc())], room_bytes=img.bs))
	for ino in 12, 13:
	    img.inode(ino, size=1000, i_block=node([index(0, tree)], 1))
	img.inode(14, i_block=node([leaf(0, 1, tree)]))
	img.sb(0x64, img.get(1024 + 0x64) | 0x4000)
	with open("shared_tree", "wb") as out:
	    out.write(img.data)
END
for jobs in 1 4; do
	run_e4zero 4 --json -j $jobs shared_tree
	same "a tree block past EOF, by $jobs" "$(rows finding ino kind)" \
		$'[12,"unreadable"]\n[13,"unreadable"]\n[14,"post-eof-zero"]'
done
# who has the rest of a cluster that is shared cannot be determined
make_image clusters 16M -O bigalloc -C 16384
debugfs_script clusters <<-END
	feature shared_blocks
	write four file
	sif file size 100
END
remember_image clusters
run_e4zero 4 --json clusters
same 'clusters' "$(kinds)" '/file stale-tail'
run_e4zero 8 --check --all clusters
grep -q 'with both features bigalloc and shared_blocks only files can be checked' err || fail "clusters: $(cat err)"
image_unchanged clusters
for edit in --fix '--convert hole'; do
	# shellcheck disable=SC2086 # a verb with its argument
	run_e4zero 8 $edit image
	grep -q shared_blocks err || fail "$edit: $(cat err)"
done
image_unchanged image
