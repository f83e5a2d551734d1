#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --dry-run says what the edit then does, the blocks of the journal included, refuses what it would refuse, and
# changes no byte and no time; a dirty journal stays dirty.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

facts() {
	stat -c '%s %b %Y %y' image
	cksum image
}

# edits: the records of the edits, whichever run they are of
edits() {
	sed -n '/^{"type":"edit",/s/,"dry_run":[a-z]*}$/}/p' out
}

# dry ARGUMENTS...
dry() {
	before=$(facts)
	run_e4zero 0 --fsck-codes -n "$@"
	same "facts after $*" "$(facts)" "$before"
}

broad kinds 1 extent ^extent,^64bit ^has_journal
for features in "${kinds[@]}"; do
	edit_image image -O "$features"
	for size in 0 5000 20000; do
		dry --json --truncate $size image /file
		same 'exit' "$(field exit summary) $(field dry_run summary)" '0 true'
		same 'written' "$(field bytes_written summary)" 0
		edits >planned
		[ -s planned ] || fail 'no edit was planned'
		need=$(field log_blocks summary)
		run_e4zero 0 --json --truncate $size image /file
		edits >done
		cmp planned done || fail "$features $size: planned $(cat planned), done $(cat done)"
		same "log blocks of $features $size" "$need" "$(field log_blocks summary)"
	done
done
edit_image image
dry --truncate 0 --undo undo --trace-io trace image /file
grep -Eq 'dry run, nothing written; [0-9]+ journal blocks of [0-9]+ would be used' out || fail "$(cat out)"
[ ! -e undo ] && [ ! -e trace ] || fail 'an undo file or a trace of nothing'
# what the undo file would be refused for
cp image taken
ln -s nothing dangling
for undo in taken dangling nowhere/undo taken/undo .; do
	untouched 8 "creating the undo file $undo: " image --truncate 0 --undo $undo image /file
	mv err refusal
	untouched 8 . image -n --truncate 0 --undo $undo image /file
	cmp err refusal || fail "a dry run with $undo: $(cat err)"
done
untouched 8 directory image -n --truncate 0 image /dir
untouched 8 'No such file' image -n --truncate 0 image /missing

head -c 4096 ten >block
debugfs_script image <<-END2
	jo
	jw -b $(physical image /file 1) block
	jc
END2
dry --replay image
grep -q 'the journal would be replayed' out || fail "$(cat out)"
dry --truncate 0 image /file
grep -q 'the journal would be replayed' out || fail "$(cat out)"

# planned SCRIPT: what a dry run of it says is what the run does
planned() {
	dry --json --script "$1" image
	edits >planned
	[ -s planned ] || fail 'no edit was planned'
	rows summary transactions log_blocks files >>planned
	run_e4zero 0 --json --script "$1" image
	edits >done
	rows summary transactions log_blocks files >>done
	cmp planned done || fail "planned $(cat planned), done $(cat done)"
	sound image
}

# a script of several transactions: each has the log for itself, and what one frees the next one takes
edit_image image
cat >script <<-'END'
	zero-range /file 0 5000
	punch-hole /file 5000 1000
	commit
	truncate /file 0
	commit
	commit
	truncate /file 9000
	allocate /file 0 1M
	write-zeroes /small 0 8192
END
planned script
same 'transactions' "$(field transactions summary)" 3
make_image image 200M -b 1024 -g 256 -J size=1 -N 4096 -O ^resize_inode -m 0
yes 'line of text' | head -c 10000 >ten
debugfs_script image <<-'END'
	write ten a
	fallocate a 10 99999
	sif a size 100000000
	write ten b
	fallocate b 10 69999
	sif b size 70000000
END
printf '%s\n' 'truncate /a 0' 'allocate /b 0 130M' >script
untouched 8 'No space' image -n --script script image
printf '%s\n' 'truncate /a 0' commit 'allocate /b 0 130M' commit 'punch-hole /b 0 100M' >script
planned script
printf '%s\n' 'punch-hole /b 100M 30M' commit 'allocate /b 0 1T' >script
untouched 8 'line 3.*No space' image -n --script script image
