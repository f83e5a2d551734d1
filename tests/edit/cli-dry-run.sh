#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --dry-run says what the edit then does, the blocks of the journal included, refuses what it would refuse, and
# changes no byte and no time; a dirty journal stays dirty.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/cli-common.sh"

facts() {
	stat -c '%s %b %Y %y' image
	cksum image
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
		jq -c 'select(.type == "edit") | del(.dry_run)' out >planned
		need=$(field log_blocks summary)
		run_e4zero 0 --json --truncate $size image /file
		jq -c 'select(.type == "edit") | del(.dry_run)' out >done
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
