#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The journal is filled to its last block, and not before: what fits travels where it is, --split cuts only what does not
# fit, nothing is refused that a split can do, and a dry run counts the blocks that the run takes.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3
requires mke2fs
export SOURCE_DATE_EPOCH=1700000000

# holding SIZE [mke2fs options]: /f of 2 MiB and the 150 files /s1.. of 9 KiB, blocks of 1 KiB, a journal of 1 MiB
mkdir src
python3 - <<-'END2'
	import random
	r = random.Random(5)
	open('src/f', 'wb').write(r.randbytes(2 << 20))
	for k in range(1, 151):
	    open(f'src/s{k}', 'wb').write(r.randbytes(9216))
	open('noise', 'wb').write(r.randbytes(1 << 20))
END2
printf x >byte
holding() {
	rm -f image
	truncate -s "$1" image
	mke2fs -q -F -b 1024 -J size=1 "${@:2}" -d src image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	# mke2fs counts wrong for quota
	e2fsck -fy image >/dev/null 2>&1
}

# counts TRANSACTIONS: the script S with the options after it, the dry run to the block; sets BLOCKS
counts() {
	run_e4zero 0 --json -n --script s "${@:2}" image
	image_unchanged image
	summary log_blocks transactions
	BLOCKS=$log_blocks
	same "$*: transactions of the dry run" "$transactions" "$1"
	run_e4zero 0 --json --script s "${@:2}" image
	summary log_blocks transactions
	same "$*: journal blocks of the dry run" "$BLOCKS" "$log_blocks"
	same "$*: transactions" "$transactions" "$1"
	sound image
}

# a superblock that only the commit changes is counted
holding 16M -t ext4
printf 'punch-hole /s1 0 1024\nwrite /s1 0 from=byte\n' >s
remember_image image
counts 1

# 450 blocks that are overwritten in place need half of the journal: none is moved, whatever space there is
for k in $(seq 150); do
	for block in 2 4 6; do echo "write /s$k $((block * 1024)) from=byte"; done
done >s
for options in '-t ext4' '-t ext4 -O quota' '-t ext3'; do
	# shellcheck disable=SC2086 # words
	holding 16M $options
	"$E4ZERO" --map -J image $(seq -f /s%g 150) | grep '"type":"map"' >before
	remember_image image
	counts 1
	"$E4ZERO" --map -J image $(seq -f /s%g 150) | grep '"type":"map"' | cmp - before || fail "$options: data were moved"
	[ "$BLOCKS" -ge 450 ] || fail "$options: $BLOCKS journal blocks"
done

# to the last block: the largest write that is journaled in place, and one block more, with two files
holding 16M -t ext3
used=0 n=1000
while
	head -c $((n * 1024)) noise >part
	printf 'write /f 0 from=part\nwrite /s1 0 from=byte\n' >s
	"$E4ZERO" --json -n --script s image >out 2>err
do
	summary log_blocks
	used=$log_blocks
	# what is left is filled up by data; the last step is always one block
	n=$((n + (used < 1020 ? 1020 - used : 1)))
	[ $n -le 1023 ] || fail "$used journal blocks for $n blocks of data"
done
same 'blocks of a full journal' "$used" 1023
grep -qE 'needs 1024 journal blocks, and there are 1023' err || fail "$(cat err)"
remember_image image
run_e4zero 8 --script s image
image_unchanged image
counts 2 --split
head -c $(((n - 1) * 1024)) noise >part
holding 16M -t ext3
remember_image image
counts 1
same 'blocks of a full journal' "$BLOCKS" 1023

# holes far from each other: of each block of pointers only the bound knows before they are filled
for k in $(seq 0 1499); do echo "write /f $((4 * 1024 * 1024 + k * 262144)) from=byte"; done >s
holding 64M -t ext3
remember_image image
counts 2 --split

# many small changes that come to little are one transaction, split or not
for k in $(seq 0 999); do echo "punch-hole /f $((k * 2048)) 1024"; done >s
for options in '' --split; do
	holding 16M -t ext4
	remember_image image
	# shellcheck disable=SC2086 # words
	counts 1 $options
done
