#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is claimed in two shards is found when they are merged, and then the image decides: data, trees, attributes beside
# data, attributes in one cluster. Blocks of attributes that inodes share are nobody's fault.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires mke2fs
requires python3
export E4ZERO PYTHONDONTWRITEBYTECODE=1

# Images of 16 groups with 16 inodes each: inode 20 is in the first of two shards, inode 200 in the second.
python3 - "$srcdir/tests/fuzz" <<-'END' || fail 'the images'
	import sys
	sys.path.insert(0, sys.argv[1])
	sys.argv[1] = "."
	from craft import DIR, Image, index, leaf, names, node
	SMALL = ("-g", "256", "-G", "64", "-O", "^has_journal,flex_bg")

	def image(name, fill, options=SMALL, **more):
	    img = Image(options=options, **more)
	    tails(img)
	    fill(img)
	    with open(name, "wb") as out:
	        out.write(img.data)

	def tails(img):
	    """Files with a finding in each half, so that the halves are about equal."""
	    for ino in [*range(21, 27), *range(201, 207)]:
	        block = img.alloc(4)
	        img.fill(block, 1)
	        img.inode(ino, size=10, i_block=node([leaf(0, 1, block)]))
	    img.root([(21, b"one"), (201, b"two"), (202, b"three")])

	def both(img, *maps, acl=(0, 0)):
	    for ino, i_block, block in zip((20, 200), maps, acl):
	        img.put(img.inode(ino, size=1000, i_block=i_block) + 0x68, block)

	def data(img):
	    block = img.alloc(8)
	    both(img, node([leaf(0, 4, block)]), node([leaf(0, 4, block + 3)]))

	def tree(img):
	    block = img.alloc()
	    img.block(block, node([leaf(0, 1, img.alloc())], room_bytes=img.bs))
	    both(img, node([index(0, block)], 1), node([index(0, block)], 1))

	def below(img):
	    """Two of the first shard have a tree block, to whose data a file of the second leads."""
	    block, last = img.alloc(), img.alloc()
	    img.block(block, node([leaf(0, 1, last)], room_bytes=img.bs))
	    both(img, node([index(0, block)], 1), node([leaf(0, 1, last)]))
	    img.inode(19, size=1000, i_block=node([index(0, block)], 1))

	def attributes(img):
	    both(img, node([]), node([]), acl=(img.alloc(),) * 2)

	def attribute_and_data(img):
	    block = img.alloc()
	    both(img, node([]), node([leaf(0, 1, block)]), acl=(block, 0))

	def shared_and_data(img):
	    """Both have the block of attributes, and the first shard has it as data, too."""
	    block = img.alloc()
	    both(img, node([]), node([]), acl=(block, block))
	    img.inode(19, size=1000, i_block=node([leaf(0, 1, block)]))

	def cluster(img):
	    block = img.alloc(8) + 3 & ~3
	    both(img, node([]), node([]), acl=(block, block + 1))

	def directories(img):
	    """Two directories of the first shard claim the same block: names in the second depend on it."""
	    block = img.alloc()
	    img.block(block, names(img.bs, [(200, b"x")]))
	    both(img, node([]), node([]))
	    for ino in 18, 19:
	        img.inode(ino, DIR, img.bs, i_block=node([leaf(0, 1, block)]), links=2)
	    img.root([(18, b"d"), (19, b"e"), (21, b"one"), (201, b"two")])
	    block = img.alloc(4)
	    img.fill(block, 1)
	    img.inode(200, size=10, i_block=node([leaf(0, 1, block)]))

	for fill in data, tree, below, attributes, attribute_and_data, shared_and_data, directories:
	    image(fill.__name__, fill)
	clusters = dict(size=64 << 20, features="filetype,extent,bigalloc", options=("-C", "4096"))
	image("cluster", cluster, **clusters)
END

# merges HOW IMAGE: and nothing differs
merges() {
	local how
	how=$(python3 "$srcdir/tests/cli/shard/compare.py" "$2" 2) || fail "$2"
	[ "$how" = "$1" ] || fail "$2: $how, wanted: $1"
}
merges merged attributes
for image in data tree below attribute_and_data shared_and_data cluster directories; do
	merges 'checked again' $image
done

# it is opened with what --merge is given
cp data raw
for shard in 1 2; do
	"$E4ZERO" --json --image-format raw --shard $shard/2 raw >raw.$shard
done
run_e4zero 4 --merge --image-format raw --timeout 5 raw.1 raw.2
run_e4zero 8 --merge --image-format qcow2 raw.1 raw.2
grep -q 'because shards claim the same blocks' err || fail "$(cat err)"

# the image decides only if it is the one that was checked
for shard in 1 2; do
	"$E4ZERO" --json --shard $shard/2 data >$shard.jsonl
done
run_e4zero 4 --json --merge 2.jsonl 1.jsonl
same 'claimed twice' "$(rows finding ino why | grep claimed)" \
	$'[20,"blocks are claimed more than once"]\n[200,"blocks are claimed more than once"]'
printf x | dd of=data bs=1 seek=1144 conv=notrunc status=none # s_volume_name
for form in '' --json; do
	# shellcheck disable=SC2086 # or nothing
	run_e4zero 8 $form --merge 1.jsonl 2.jsonl
	grep -qx 'e4zero: data: shards claim the same blocks, and the image is no longer the one that was checked: check it again' err ||
		fail "another image: $(cat err)"
done
same 'the end' "$(last_line)" 'summary 8'
rm data
run_e4zero 8 --merge 1.jsonl 2.jsonl
grep -q 'because shards claim the same blocks: No such file' err || fail "$(cat err)"

# claims take no more memory than in the reports: 2 million ranges of each shard, one between two of the other's
case ${INSTRUMENT:-} in *san*) exit 0 ;; esac
ones=$(yes 1 | head -n 400000 | paste -sd,)
for shard in 1 2; do
	"$E4ZERO" --json --shard $shard/2 attributes | sed 's/"blocks":4096,"inodes"/"blocks":1000000000,"inodes"/' >few
	grep -vE '^{"type":"(claims|summary)"' few >many.$shard
	for i in 0 1 2 3 4; do
		printf '{"type":"claims","schema":1,"of":"clusters","ranges":"%d,%s"}\n' $((800002 * i + shard)) "$ones"
	done >>many.$shard
	tail -n 1 few >>many.$shard
done
most=$(python3 - "$E4ZERO" <<-'END'
	import resource, subprocess, sys
	status = subprocess.run([sys.argv[1], "--merge", "-q", "many.1", "many.2"], check=False).returncode
	print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
	END
)
[[ $most == '4 '* && ${most#4 } -lt 40 ]] || fail "4 million ranges: exit status, MiB: $most"
