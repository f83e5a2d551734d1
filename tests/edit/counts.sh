#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The numbers of every summary are what happened: bytes that were read and written, transactions, what was replayed,
# and truncates that were finished; in a dry run what will happen, and after a failure what happened before it.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

# counts: sets COUNTS and bytes_read to what the summary says
counts() {
	summary transactions replayed log_blocks orphans_finished orphans_left bytes_read
	COUNTS="transactions $transactions, replayed $replayed, log_blocks $log_blocks"
	COUNTS+=", orphans $orphans_finished finished, $orphans_left left"
}

# same_counts: what a dry run of each of VERBS plans is what it then does
same_counts() {
	local planned
	for verb in "${verbs[@]}"; do
		# shellcheck disable=SC2086 # words
		set -- $verb
		cp --sparse=always "$1" edited
		remember_image edited
		run_e4zero "$2" --json -n "${@:3}"
		image_unchanged edited
		counts
		planned=$COUNTS
		[ "$bytes_read" -gt 1024 ] || fail "dry $verb: $bytes_read bytes were read"
		run_e4zero "$2" --json "${@:3}"
		counts
		same "$verb" "$COUNTS" "$planned"
		[ "$bytes_read" -gt 1024 ] || fail "$verb: $bytes_read bytes were read"
	done
}

# ---- clean, dirty, without a journal; with truncates that a crash cut short ----

edit_image clean
printf 'zero /file 0 100\ncommit\nwrite /small 50 from=ten\ncommit\nzero /file 0 100\n' >script
printf 'zero /file 0 10000\n' >none
edit_image bare -O ^has_journal
for image in clean bare; do
	head -c 40960 /dev/zero >zeros
	debugfs_script $image <<-END2
		write zeros zeros
		write ten tail
		sif tail size 9000
		write ten past
		sif past size 100
	END2
done
cp clean dirty
at=$(physical dirty /file 0)
head -c 4096 /dev/zero | tr '\0' y >one
for ((n = 0; n < 3; n++)); do
	printf 'jo\njw -b %d one\njc\n' $((at + n % 2))
done | debugfs_script dirty
cp dirty finish
printf '%s\n' "sif past links_count 1" "ssv last_orphan $(ino_of finish /past)" | debugfs_script finish
cp clean orphan
printf '%s\n' "ssv last_orphan $(ino_of orphan /past)" | debugfs_script orphan
verbs=()
for image in clean dirty bare orphan finish; do
	for verb in '0 --truncate 10 edited /file' '0 --truncate 10000 edited /file' '0 --zero -o 0 -l 1M edited /file' \
		'0 --punch-hole -o 4096 -l 4096 edited /file' '0 --script script edited' '0 --convert hole edited' \
		'0 --convert unwritten edited /zeros' '0 --convert hole edited /empty' '0 --replay edited'; do
		verbs+=("$image $verb")
	done
done
for image in clean dirty bare; do verbs+=("$image 0 --fix edited"); done
same_counts
cp dirty edited
run_e4zero 0 --json --replay edited
counts
same 'replayed' "$COUNTS" 'transactions 0, replayed 3, log_blocks 0, orphans 0 finished, 0 left'
cp orphan edited
run_e4zero 0 --json -n --truncate 10 edited /file
same 'finished' "$(field orphans_finished summary)" 1

# ---- operations that are split ----

make_image large 64M -J size=4
yes 'an old secret' | head -c 24M >eight
debugfs_script large <<<$'write eight eight\nwrite eight other'
printf 'zero /eight 0 12M\nzero /other 0 24M\ntruncate /eight 5\n' >script
verbs=('large 0 --zero -o 100 -l 24M --split edited /eight' 'large 0 --script script --split edited'
	'large 0 --write --from eight -o 1000 --split edited /other')
same_counts
cp --sparse=always large edited
run_e4zero 0 --json --zero -o 0 -l 24M --split edited /eight
[ "$(field transactions summary)" -gt 5 ] || fail "$(cat out)"

# ---- a failure after some were done ----

printf 'zero /file 0 100\ncommit\nzero /file 200 100\ncommit\ncollapse-range /file 4096 1G\n' >script
cp dirty edited
run_e4zero 12 --json --script script edited
same 'after a failure' "$(field transactions summary) $(field replayed summary)" '2 3'
[ "$(field bytes_written summary)" -gt 8192 ] || fail "$(cat out)"
[ "$(field barriers summary)" -gt 5 ] || fail "$(cat out)"

# ---- what only reads, and what is taken back ----

for verb in '0 --map clean /file' '4 --check clean'; do
	# shellcheck disable=SC2086 # words
	run_e4zero $verb --json
	[ "$(field bytes_read summary)" -gt 4096 ] || fail "$verb: $(cat out)"
done
cp clean edited
run_e4zero 0 --undo undo --truncate 10 edited /file
run_e4zero 0 --json --undo-apply undo edited
[ "$(field bytes_read summary)" -gt 4096 ] || fail "undo: $(cat out)"

