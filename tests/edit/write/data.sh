#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --data: with journal, visible bytes are journaled and are never written in place before its commit
# block; with ordered they are in place, followed by a barrier, before it. Invisible bytes are written in place first in both.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image
run_e4zero 0 --allocate -o 12k -l 16k image /file
cp image fresh
head -c 4096 /dev/urandom >bytes

# order FILE BLOCK: where the block is written, "before" or "after" the commit block
order() {
	local at
	at=$(($(physical image "$1" "$2") * 4096))
	awk -v at=$at '
		/# commit/ { late = 1 }
		/^flush/ { barrier += !late && seen }
		/^write/ && $2 < at + 4096 && at < $2 + $3 { seen = 1; said = said (late ? "after" : "before") " " }
		END { print said (barrier ? "barrier" : "") }' trace
}

for verb in "--write --from bytes -o 4096" "--write --from bytes -o 4100" "--zero-range -o 4100 -l 100" \
	"--punch-hole -o 4100 -l 100" "--write-zeroes -o 4096 -l 4096" "--truncate 4200"; do
	for mode in journal ordered; do
		cp fresh image
		# shellcheck disable=SC2086 # words
		rm -f trace
		run_e4zero 0 --json $verb --data $mode --trace-io trace image /file
		sound image
		same "$verb, $mode" "$(order /file 1)" "$([ $mode = journal ] && echo 'after ' || echo 'before barrier')"
	done
done

# over an unwritten block, in both modes: at home first
for mode in journal ordered; do
	cp fresh image
	rm -f trace
	run_e4zero 0 --write -o 16384 --from bytes --data $mode --trace-io trace image /file
	same "unwritten, $mode" "$(order /file 4)" 'before barrier'
done

untouched 16 'neither journal nor ordered' image --data writeback --truncate 0 image /file
untouched 16 'data' image --data ordered --replay image
untouched 16 'data' image --data journal --map image /file
