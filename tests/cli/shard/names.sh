#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names are the same in every shard, wherever directories are: the first of several, none in a directory whose map is
# corrupt, those before a corrupt entry.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires mke2fs
requires python3
export E4ZERO PYTHONDONTWRITEBYTECODE=1

# 16 groups with 16 inodes each: inodes from 100 on are in the second of two shards
python3 - "$srcdir/tests/fuzz" <<-'END' || fail 'the image'
	import sys
	sys.path.insert(0, sys.argv[1])
	sys.argv[1] = "."
	from craft import DIR, Image, leaf, node
	img = Image(options=("-g", "256", "-G", "64", "-O", "^has_journal,flex_bg"))
	files = [*range(30, 38), *range(200, 208)]
	for ino in files:
	    block = img.alloc(2)
	    img.fill(block, 2)
	    img.inode(ino, size=10, i_block=node([leaf(0, 1, block)]))
	img.root([(20, b"near"), (210, b"far"), (211, b"sick"), (40, b"torn"), (212, b"odd")])
	# of names in several directories the first counts: inode 20 comes before inode 210
	img.directory(20, [(20, b"."), (2, b".."), (200, b"far-file"), (30, b"both"), (31, b"near-file")])
	img.directory(210, [(210, b"."), (2, b".."), (32, b"near-of-far"), (30, b"both-too"), (201, b"file"), (41, b"below")])
	img.directory(41, [(41, b"."), (210, b".."), (202, b"deep"), (33, b"deep-too")])
	# one whose map is corrupt names nothing, one with a corrupt entry what comes before
	img.directory(211, [(211, b"."), (2, b".."), (34, b"lost"), (203, b"lost-too")])
	img.put(img.slot(211) + 0x28 + 12 + 4, 0, 2)  # ee_len
	block = img.directory(40, [(40, b"."), (2, b".."), (204, b"kept"), (205, b"gone")])
	# any bytes may be in a name; no path is made of a slash
	img.directory(212, [(212, b"."), (2, b".."), (35, b"\xff\x80"), (206, b'"\\\n\x7f\xe2\x80\xae\x1b[m'), (207, b"a/b")])
	img.put(block * img.bs + 24 + 12 + 4, 3, 2)   # rec_len of the last entry
	with open("image", "wb") as out:
	    out.write(img.data)
END
for shards in 2 3 16; do
	how=$(python3 "$srcdir/tests/cli/shard/compare.py" image $shards) || fail "$shards shards"
	[ "$how" = merged ] || fail "$how"
done
for shard in 1 2; do
	"$E4ZERO" --json --shard $shard/2 image >$shard.jsonl
done
rm image
run_e4zero 4 --merge --json 1.jsonl 2.jsonl
for name in '"path":"/odd/\"\\\n\u007f\u202e\u001b[m"' '"path_hex":"2f6f64642fff80"' '"ino":207,"path":null'; do
	grep -qF "$name" out || fail "no $name: $(grep -E '"ino":(35|206|207),' out)"
done
grep -v '"ino":206,' out >others
report=others
same names "$(rows finding ino path | grep -v null)" '[30,"/near/both"]
[31,"/near/near-file"]
[32,"/far/near-of-far"]
[33,"/far/below/deep-too"]
[200,"/near/far-file"]
[201,"/far/file"]
[202,"/far/below/deep"]
[204,"/torn/kept"]
[211,"/sick"]'
