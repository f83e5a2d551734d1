#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --replay of a log that holds nothing only takes the mark away: one write, and one more where the log has to be emptied;
# of a log that holds something, no transaction of its own follows.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

# put IMAGE OFFSET NUMBER: 4 bytes, big-endian
put() {
	python3 -c 'import sys
f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); f.write(int(sys.argv[3]).to_bytes(4, "big"))' "$@"
}

# replays IMAGE: dry, then for good, with the trace of what was written
replays() {
	remember_image "$1"
	run_e4zero 0 --dry-run --replay "$1"
	grep -q 'the journal would be replayed' out || fail "dry run: $(cat out)"
	image_unchanged "$1"
	rm -f trace
	run_e4zero 0 --json --replay --trace-io trace "$1"
	same transactions "$(field transactions summary)" 0
	! dumpe2fs -h "$1" 2>/dev/null | grep -q needs_recovery || fail 'still needs recovery'
	sound "$1"
	run_e4zero 0 --replay "$1"
	grep -q 'nothing to do' out || fail "a second replay does something: $(cat out)"
}

trace_is() {
	sed 's/ [0-9]* \([0-9]*\) / \1 /' trace >got
	printf '%s\n' "$@" >wanted
	diff -u wanted got || fail 'not these writes'
}

# no checksums: the superblock of the log is poked; a number of free blocks that no kernel keeps right
edit_image clean -O ^metadata_csum
debugfs_script clean <<<'feature needs_recovery'
cp clean image
replays image
trace_is 'write 1024  # super' 'flush  # super'
[ "$(sed -n 1p trace)" = 'write 1024 1024  # super' ] || fail "$(cat trace)"

cp clean image
debugfs_script image <<<'ssv free_blocks_count 5'
replays image
trace_is 'write 1024  # super' 'flush  # super'

# s_start points at a log without any transaction
cp clean image
log=$(($(debugfs -R 'bmap <8> 0' image 2>/dev/null) * 4096))
put image $((log + 24)) 5
put image $((log + 28)) 1
replays image
trace_is 'write 1024  # log-super' 'flush  # log-super' 'write 1024  # super' 'flush  # super'

# with checksums
edit_image image
debugfs_script image <<<'feature needs_recovery'
replays image
trace_is 'write 1024  # super' 'flush  # super'

# one transaction of one block: home, log, mark
head -c 4096 /dev/zero | tr '\0' y >block
edit_image image
debugfs_script image <<-END
	jo
	jw -b $(physical image /file 1) block
	jc
END
replays image
grep -c flush trace >flushes
same barriers "$(cat flushes)" 3
! grep -q commit trace || fail "a transaction: $(cat trace)"

# an edit goes on from there
edit_image image -O ^metadata_csum
debugfs_script image <<<'feature needs_recovery'
run_e4zero 0 --truncate 5000 image /file
head -c 5000 ten >model
holds image /file model
sound image
