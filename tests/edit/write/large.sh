#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A write over more visible bytes than the journal holds: the file moves to new blocks, in one transaction of a few journal
# blocks, and no block that could be seen is written before it; where it cannot move (no extents, no room) it is refused with
# both numbers, and the image is what it was, or it is split.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

# noise BYTES SEED: into standard output
noise() {
	python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(int(sys.argv[2])).randbytes(int(sys.argv[1])))' "$@"
}

noise 5500000 1 >old
noise 5000000 2 >new
# large SIZE [mke2fs options]: /big holds old, the journal 4 MiB
large() {
	rm -f image
	truncate -s "$1" image
	mke2fs -q -F -t ext4 -J size=4 "${@:2}" image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	debugfs_script image <<<'write old big'
}

# places IMAGE: of the blocks of /big, in their order
places() {
	"$E4ZERO" --json --map "$1" /big |
		jq -r 'select(.type == "map" and .pblk) | range(.blocks) as $i | .pblk + $i'
}

# patched HOSTFILE OFFSET: it is written over what the model has there
patched() {
	dd if="$1" of=model bs=64k seek="$2" oflag=seek_bytes conv=notrunc status=none
}

broad kinds 1 '-b 1024 -g 8192' '-b 1024 -O ^metadata_csum' '-b 1024 -O bigalloc' '-b 4096' '-b 4096 -O bigalloc -C 65536' '-b 4096 -O inline_data'
for how in "${kinds[@]}"; do
	# shellcheck disable=SC2086 # words
	large 48M $how
	bs=${how#-b } bs=${bs%% *}
	# it begins and ends within a block
	rm -f trace
	cp --sparse=always image moved
	places moved | sort >before
	run_e4zero 0 --json --write --from new -o 70001 --trace-io trace moved /big
	cp old model
	patched new 70001
	holds moved /big model
	sound moved
	same "$how: transactions" "$(field transactions summary)" 1
	[ "$(field log_blocks summary)" -lt 200 ] || fail "$how: the data went through the log"
	places moved | sort >after
	[ "$(comm -12 before after | wc -l)" -lt $(((5500000 - 5000000 + 131072) / 1024)) ] || fail "$how: it did not move"
	same "$how: blocks of the file" "$(wc -l <after)" "$(wc -l <before)"
	# the data are durable before the commit block, and no block that could be seen is written before it
	sed '/# commit/,$d' trace |
		awk -v bs="$bs" '$1 == "write" && $NF == "data" { for (i = 0; i < $3 / bs; i++) print $2 / bs + i }' | sort >written
	[ "$(wc -l <written)" -ge $((4900000 / bs)) ] || fail "$how: $(wc -l <written) blocks of data went home"
	same "$how: seen blocks written before the commit" "$(comm -12 before written | wc -l)" 0
	# ordered data is written in place
	cp --sparse=always image moved
	run_e4zero 0 --write --from new -o 70001 --data ordered moved /big
	holds moved /big model
	sound moved
	places moved | sort | cmp -s before - || fail "$how: ordered data moved"
done

# little enough stays in place
head -c 1000000 new >little
cp --sparse=always image moved
places moved >before
run_e4zero 0 --write --from little -o 70001 moved /big
places moved | cmp - before || fail 'blocks moved that could be journaled'

# two writes of one script that fit alone, and not together
head -c 2500000 new >part
cp --sparse=always image moved
printf 'write /big 0 from=part\nwrite /big 3000000 from=part\n' >script
run_e4zero 0 --script script moved
cp old model
patched part 0
patched part 3000000
holds moved /big model
sound moved

# zeroes that are written are bytes like others; a range that becomes unwritten, or a hole, takes few blocks of the log
broad kinds 1 write-zeroes zero-range punch-hole
for verb in "${kinds[@]}"; do
	large 48M -b 1024
	run_e4zero 0 --json --$verb -o 70001 -l 5000000 image /big
	same "$verb: transactions" "$(field transactions summary)" 1
	[ "$(field log_blocks summary)" -lt 200 ] || fail "$verb: the data went through the log"
	cp old model
	head -c 5000000 /dev/zero >zero
	patched zero 70001
	holds image /big model
	sound image
done

# no extents; fewer free blocks than have to move
broad kinds 1 '48M -b 4096 -O ^extent,^64bit' '12M -b 4096' '12M -b 1024'
for why in "${kinds[@]}"; do
	# shellcheck disable=SC2086 # words
	large $why
	for dry in '' -n; do
		# shellcheck disable=SC2086 # none, or an option
		untouched 8 'needs [0-9]+ journal blocks, and there are [0-9]+; --split allows several transactions$' \
			image $dry --write --from new -o 0 image /big
	done
	run_e4zero 0 --json --split --write --from new -o 0 image /big
	[ "$(field transactions summary)" -gt 1 ] || fail "split, $why: $(field transactions summary) transactions"
	cp old model
	patched new 0
	holds image /big model
	sound image
done

# more than stays in memory until the commit: it is said whose space or place is missing
large 64M -b 4096
truncate -s 40M much
TMPDIR=$PWD/gone
export TMPDIR
untouched 8 'storing data of the edit in .*/gone: No such file' image --write --from much -o 8M image /big
echo 'write /big 8M from=much' >script
untouched 8 'line 1: storing data of the edit in .*/gone: No such file' image --script script image
unset TMPDIR
run_e4zero 0 --write --from much -o 8M image /big
