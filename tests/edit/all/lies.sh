#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A block bitmap that lies: what is in use and called free is named and kept, and so is everything near it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

for layout in '24M -b 1024' '24M -b 1024 -O ^metadata_csum' '24M -b 1024 -O ^metadata_csum,uninit_bg'; do
	canary_image image "$layout"
	block=$(physical image /ten 3)
	before=$(debugfs -R 'cat /ten' image 2>/dev/null | cksum)
	debugfs -w -R "freeb $block" image >debugfs.log 2>&1
	run_e4zero 4 --json --check --all image
	same "missing in the sum of $layout" \
		"$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	[ "$(class disputed bytes)" -ge 1024 ] || fail "$layout: nothing is disputed: $(cat out)"
	run_e4zero 4 --json --fix --only free image
	same "the content of $layout" "$(debugfs -R 'cat /ten' image 2>/dev/null | cksum)" "$before"
	# the groups that nobody doubts are done
	[ "$(records summary fixed)" -gt 0 ] || fail "$layout: no group was scrubbed"
	report=out records finding kind group fixable fixed | grep -q '^disputed 0 false false$' ||
		fail "$layout: the group is not named: $(cat out)"
done

# used and nobody's: leaked
canary_image image '24M -b 1024'
debugfs -w -R 'setb 20000' image >debugfs.log 2>&1
e2fsck -fn image >e2fsck.out 2>&1
run_e4zero 4 --json --check --only free image
same 'disputed, as the number of free blocks is wrong' "$(records finding kind | sort -u | tr '\n' ' ')" \
	'disputed free-block '
canary_image image '24M -b 1024'
printf 'clri <%s>\n' "$(ino_of image /ten)" | debugfs -w -f - image >debugfs.log 2>&1
run_e4zero 4 --json --check --all image
same 'leaked bytes' "$(class leaked-block bytes)" 10240

# a linked inode that only the bitmap calls unused: e2fsck will take it, so that its blocks are not touched
canary_image image '24M -b 1024'
before=$(debugfs -R 'cat /dir/large' image 2>/dev/null | cksum)
python3 "$srcdir/tests/edit/all/unuse.py" image "$(ino_of image /dir/large)" || fail unuse.py
run_e4zero 4 --json --fix --all image
same 'leaked or disputed' "$(class leaked-block bytes) $(class disputed bytes)" '0 0'
records finding kind why | grep -q '^free-block a block may belong' || fail "its blocks are not named: $(cat out)"
same 'the content of what looks unused' "$(debugfs -R 'cat /dir/large' image 2>/dev/null | cksum)" "$before"
e2fsck -fy image >/dev/null 2>&1
same 'what e2fsck makes of it' "$(debugfs -R 'cat /dir/large' image 2>/dev/null | cksum)" "$before"

# ---- a number of unused inodes that lies: what only a name leads to is kept, with its blocks, and what it leads to itself ----

# unused IMAGE GROUP COUNT [FREE]: the last COUNT inodes up to the last one in use of GROUP are in the unused part of its table; FREE of
# them count as free, or COUNT
unused() {
	local dump free rest
	dump=$(dumpe2fs "$1" 2>/dev/null)
	free=$(sed -n 's/.* \([0-9]*\) free inodes, .*/\1/p' <<<"$dump" | sed -n "$(($2 + 1))p")
	rest=$(sed -n 's/.*, \([0-9]*\) unused inodes$/\1/p' <<<"$dump" | sed -n "$(($2 + 1))p")
	printf '%s\n' "set_bg $2 itable_unused $((rest + $3))" "set_bg $2 free_inodes_count $((free + ${4-$3}))" \
		"set_bg $2 checksum calc" | debugfs -w -f - "$1" >debugfs.log 2>&1
}

# has IMAGE FILE: it is as it is in before
has() {
	same "$2 of $1" "$(debugfs -R "cat $2" "$1" 2>/dev/null | cksum)" "$(debugfs -R "cat $2" before 2>/dev/null | cksum)"
}

# kept WHAT FILE...: of image by --fix --all, which has something to do besides
kept() {
	local what=$1 file
	shift
	run_e4zero 4 --json --fix --all image
	same "the table, $what" "$(records finding kind group fixable fixed why | grep '^inode-table 0')" \
		'inode-table 0 false false one of the unused inodes may be in use'
	same 'leaked blocks that were freed' "$(records finding kind fixed | grep -c '^leaked-block true')" 0
	[ "$(records summary fixed)" -gt 0 ] || fail "$what: nothing was scrubbed"
	run_e4zero 4 --check --all image
	for file; do has image "$file"; done
}

for features in metadata_csum ^metadata_csum,uninit_bg; do
	canary_image image "24M -b 1024 -O $features"
	debugfs_script image <<<'write tree/ten last'
	cp image before
	debugfs -w -R "freei <$(ino_of image /last)>" image >debugfs.log 2>&1
	unused image 0 1
	kept "with $features" /last /ten
	e2fsck -fy image >e2fsck.out 2>&1
	has image /last
	# the bitmap calls its blocks free, too
	cp before image
	python3 "$srcdir/tests/edit/all/unuse.py" image "$(ino_of image /last)" || fail unuse.py
	unused image 0 1 0
	kept "without blocks, with $features" /last /ten
	e2fsck -fy image >e2fsck.out 2>&1
	has image /last
done

# an attribute's value, which has no name
canary_image image '24M -b 1024 -O ea_inode'
text value 1000 value
debugfs_script image <<<'ea_set -f value /ten user.large'
value_of() { debugfs -R 'ea_get /ten user.large' "$1" 2>/dev/null | cksum; }
last=$(dumpe2fs image 2>/dev/null | sed -n 's/^  Free inodes: \([0-9]*\)-.*/\1/p' | head -1)
cp image before
debugfs -w -R "freei <$((last - 1))>" image >debugfs.log 2>&1
unused image 0 1
kept 'with a value' /ten
same 'the value' "$(value_of image)" "$(value_of before)"

# what a directory names that is there itself
canary_image image '24M -b 1024'
printf '%s\n' 'mkdir last' 'write tree/ten last/inner' | debugfs_script image
cp image before
printf 'freei <%s>\n' "$(ino_of image /last)" "$(ino_of image /last/inner)" | debugfs -w -f - image >debugfs.log 2>&1
unused image 0 2
kept 'with a directory' /last/inner

# a directory that cannot be read whole may name any of them
canary_image image '24M -b 1024'
run_e4zero 4 --check --only inode-table image
pollute image $(($(physical image /dir 0) * 1024 + 4)) $'\3'
run_e4zero 4 --json --fix --all image
same 'with a corrupt directory' "$(records finding kind group why | grep -c '^inode-table . one of the unused inodes may be in use')" 3

# an inode bitmap that is not valid: what it may call free is named, and kept
for features in metadata_csum ^metadata_csum; do
	canary_image image "24M -b 1024 -O $features"
	printf '%s\n' 'write tree/small gone' 'rm gone' | debugfs_script image
	cp image before
	bitmap=$(dumpe2fs image 2>/dev/null | sed -n 's/.*Inode bitmap at \([0-9]*\) .*/\1/p' | head -1)
	pollute image $((bitmap * 1024 + 120)) $'\1'
	run_e4zero 4 --json --fix --only free-inode image
	same "free inodes, $features" "$(records finding kind group fixable fixed why)" 'free-inode 0 false false the inode bitmap is not valid'
	e2fsck -fy image >e2fsck.out 2>&1
	has image /ten
done

# ---- what only the bitmaps or the superblock lie about stays as it is, beside what is zeroed ----

# free_inode IMAGE INO...: the inode bitmap of group 0 calls them free, and the count agrees
free_inode() {
	local image=$1 free ino
	shift
	free=$(dumpe2fs "$image" 2>/dev/null | sed -n 's/.* \([0-9]*\) free inodes, .*/\1/p' | head -1)
	{
		for ino; do echo "freei <$ino>"; done
		printf '%s\n' "set_bg 0 free_inodes_count $((free + $#))" 'set_bg 0 checksum calc'
	} | debugfs -w -f - "$image" >debugfs.log 2>&1
}

# slots IMAGE INO...: what they hold
slots() {
	local ino
	for ino in "${@:2}"; do debugfs -R "inode_dump <$ino>" "$1" 2>/dev/null; done
}

# system inodes, beside a deleted one in their block of the table
make_image image 64M -b 4096
text content 5000 content
printf '%s\n' 'write content file' 'rm file' | debugfs_script image
free_inode image 7 8
slots image 7 8 >before
run_e4zero 4 --json --fix --all image
records finding kind fixed | grep -q '^free-inode true$' || fail "the deleted inode is left: $(cat out)"
slots image 7 8 | cmp - before || fail 'the inodes of the journal and for resizing were zeroed'

# a block bitmap that is somebody else's block, beside an inode bitmap that is not
make_image image 96M -b 4096 -g 1024 -O ^metadata_csum,uninit_bg,^flex_bg,^resize_inode
printf '%s\n' 'set_bg 0 block_bitmap 1' 'set_bg 0 checksum calc' | debugfs -w -f - image >debugfs.log 2>&1
bitmap=$(dumpe2fs image 2>/dev/null | sed -n 's/.*Inode bitmap at \([0-9]*\) .*/\1/p' | head -1)
pollute image $((bitmap * 4096 + 3000)) CANA
before=$(dd if=image bs=4096 skip=1 count=1 status=none | cksum)
run_e4zero 4 --json --fix --all image
records finding kind pblk fixed | grep -q "^bitmap-slack $bitmap true$" || fail "the inode bitmap is left: $(cat out)"
same 'the descriptors' "$(dd if=image bs=4096 skip=1 count=1 status=none | cksum)" "$before"

# a file has the blocks of a journal whose inode is deleted
make_image image 32M -b 4096 -O ^extent,^64bit,^metadata_csum,uninit_bg -J size=4
debugfs_script image <<<'write content file'
{
	for ((i = 0; i < 15; i++)); do
		echo "sif file block[$i] $((16#$(debugfs -R 'inode_dump -b <8>' image 2>/dev/null |
			sed 's/^[0-9a-f]* *//; s/  .*//' | tr -d ' \n' | cut -c$((i * 8 + 1))-$((i * 8 + 8)) |
			sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/')))"
	done
	printf '%s\n' 'sif file size 4194304' 'sif <8> links_count 0'
} | debugfs -w -f - image >debugfs.log 2>&1
free_inode image 8
pollute image $(($(physical image /file 5) * 4096)) 'content of the file'
remember_image image
run_e4zero 8 --fix --all image
image_unchanged image
run_e4zero 4 --json --check --all image
records finding kind fixable | grep -q '^journal false$' || fail "the journal: $(cat out)"
# it has links, but is not in use: no more than the log is written to
debugfs -w -R 'sif <8> links_count 1' image >debugfs.log 2>&1
run_e4zero 4 --json --check --all image
records finding kind fixable why | grep -q "^journal false the journal's inode is not in use" || fail "the journal: $(cat out)"

# the orphan file is a quota file, too, or not in use
for lie in quota free; do
	make_image image 32M -b 4096 -O orphan_file
	ino=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Orphan file inode: *//p')
	if [ $lie = quota ]; then debugfs_script image <<<"ssv usr_quota_inum $ino"; else free_inode image "$ino"; fi
	"$E4ZERO" --json --check --all image >out 2>err
	[ $? -le 4 ] || fail "$lie: $(cat err)"
	same "what is missing in the sum, $lie" \
		"$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
done

# pointers of inode 7 that lead to the same block again and again are followed twice
truncate -s 1G image
mke2fs -q -F -t ext4 -b 65536 -O resize_inode,^metadata_csum image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
block=$(debugfs -R ffb image 2>/dev/null | grep -o '[0-9]*' | tail -1)
python3 -c 'import struct, sys; sys.stdout.buffer.write(struct.pack("<I", int(sys.argv[1])) * 16384)' "$block" |
	dd of=image bs=65536 seek="$block" conv=notrunc status=none
debugfs_script image <<<"sif <7> block[DIND] $block"
timeout 10 "$E4ZERO" --json --check --all image >out 2>err
same 'exit of pointers in a circle' $? 4
same 'what pointers in a circle have' "$(class disputed bytes)" 65536

# the bad blocks may be wherever other metadata is, also where the map of inode 7 is: that disputes nothing
make_image image 24M -b 1024 -O ^metadata_csum
block=$(debugfs -R 'stat <7>' image 2>/dev/null | sed -n 's/.*(DIND):\([0-9]*\).*/\1/p')
debugfs_script image <<<"sif <1> block[0] $block"
run_e4zero 4 --json --check --all image
same 'what the bad blocks dispute' "$(class disputed bytes)" 0

# a block of an inode table that the block bitmap calls free: free inodes beside it are zeroed, what is in it is left as it is, and
# that is what a check says
for features in metadata_csum ^metadata_csum,uninit_bg; do
	canary_image image "24M -b 1024 -O $features"
	printf '%s\n' "write tree/small gone"{1..40} "rm gone"{1..40} | debugfs_script image
	run_e4zero 4 --json --check --only free-inode image
	read -r first last blocks <<<"$(records finding first last blocks)"
	# in the middle of them; and that of an inode in use, which has slack of its own
	middle=$(((first + last) / 2 / 1024))
	used=$(debugfs -R 'imap <14>' image 2>/dev/null | sed -n 's/.*located at block \([0-9]*\), offset \(0x[0-9a-f]*\)$/\1 \2/p')
	debugfs_script image <<<'sif <14> faddr 0x41434143'
	free=$(dumpe2fs image 2>/dev/null | sed -n 's/^  \([0-9]*\) free blocks,.*/\1/p' | head -1)
	printf '%s\n' "freeb $middle" "freeb ${used% *}" "set_bg 0 free_blocks_count $((free + 2))" 'set_bg 0 checksum calc' |
		debugfs -w -f - image >debugfs.log 2>&1
	table() { dd if=image bs=1024 skip="$1" count=1 status=none | cksum; }
	before=$(table "$middle") before_used=$(table "${used% *}")
	[ "$before" != "$(head -c 1024 /dev/zero | cksum)" ] || fail 'no inode is deleted in the middle'
	for verb in --check --fix; do
		fixed=$([ $verb = --check ] || echo true)
		run_e4zero 4 --json $verb --all image
		same "free inodes, $features, $verb" "$(records finding kind first last blocks fixable fixed | grep ^free-inode)" \
			"free-inode $first $last $((blocks - 1)) true ${fixed:-false}"
		same "slack of an inode, $features, $verb" "$(records finding kind pblk fixable fixed why | grep "^inode-slack ${used% *} ")" \
			"inode-slack ${used% *} false false their owner cannot be determined"
		same "what is disputed, $features, $verb" "$(class disputed bytes)" 2048
		same "missing in the sum, $features, $verb" \
			"$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	done
	same "a disputed block of free inodes, $features" "$(table "$middle")" "$before"
	same "a disputed block of inodes, $features" "$(table "${used% *}")" "$before_used"
	run_e4zero 4 --json --check --all image
	! records finding kind | grep -q '^free-inode' || fail "$features: again: $(cat out)"
	# somebody settles whose the blocks are
	e2fsck -fy image >e2fsck.out 2>&1
	run_e4zero 0 --json --fix --all image
	sound image
done

# ---- corrupt inodes whose blocks only their maps name, each as something else: data, attributes, a node of another depth ----

# where FILE: the byte of its inode
where() {
	local block at
	read -r block at <<<"$(debugfs -R "imap $2" "$1" 2>/dev/null | sed -n 's/.*located at block \([0-9]*\), offset \(0x[0-9a-f]*\)$/\1 \2/p')"
	echo $((block * 1024 + at))
}

# a tree block of /deep is a block of /first, in whose inode WORD is set to its number
for word in 'block[5]' file_acl; do
	for features in extent ^extent; do
		canary_image image "24M -b 1024 -O $features,^64bit"
		printf '%s\n' 'write tree/ten first' 'write tree/dir/large deep' | debugfs_script image
		# every other block is a hole, so that there are many extents
		for ((i = 20; i < 290; i += 2)); do echo "punch /deep $i $i"; done | debugfs_script image
		tree=$(debugfs -R 'stat /deep' image 2>/dev/null | grep -oP '\((ETB0|IND|DIND)\):\K[0-9]+' | head -1)
		[ "$tree" -gt 0 ] || fail "no tree block: $(debugfs -R 'stat /deep' image 2>/dev/null)"
		printf '%s\n' "sif /first $word $tree" 'sif /first block[4] 1' | debugfs_script image
		lost=$(physical image /deep 101)
		free=$(dumpe2fs image 2>/dev/null | sed -n 's/^  \([0-9]*\) free blocks,.*/\1/p' | head -1)
		printf '%s\n' "freeb $lost" "set_bg 0 free_blocks_count $((free + 1))" 'set_bg 0 checksum calc' |
			debugfs -w -f - image >debugfs.log 2>&1
		for file in /first /deep; do pollute image $(($(where image $file) + 8)) AAAA; done
		dd if=image bs=1024 skip="$lost" count=1 of=before status=none
		for verb in --check --fix; do
			run_e4zero 4 --json $verb --all image
			same "free blocks of group 0, a tree block as $word, $features, $verb" \
				"$(records finding kind group fixable fixed why | grep '^free-block 0')" \
				'free-block 0 false false a block may belong to an inode that cannot be read'
		done
		dd if=image bs=1024 skip="$lost" count=1 status=none | cmp - before ||
			fail "content of a corrupt inode is lost: a tree block as $word, $features"
	done
done
