#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --replay, and an edit of a dirty image, leave what e2fsck -E journal_only leaves, block by block, journal and
# superblock aside; a check sees the same through the log and writes nothing.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# others IMAGE: the sum of each block but the superblock's and the journal's
others() {
	python3 - "$1" "$(debugfs -R 'blocks <8>' "$1" 2>/dev/null)" <<-'END2'
	import hashlib, sys
	skip = set(map(int, sys.argv[2].split())) | {0}
	f = open(sys.argv[1], "rb")
	n = 0
	while True:
	    block = f.read(4096)
	    if not block:
	        break
	    if n not in skip:
	        print(n, hashlib.sha1(block).hexdigest())
	    n += 1
	END2
}

requires python3
head -c 8192 /dev/urandom >two
head -c 4096 /dev/zero | tr '\0' y >one
broad kinds 2 '' '-c' '-v 2' '-v 3'
for options in "${kinds[@]}"; do
	edit_image dirty
	at=$(physical dirty /file 0)
	# two blocks of the file; one of them again, one revoked; the next in a transaction that revokes nothing
	debugfs_script dirty <<-END2
		jo $options
		jw -b $at,$((at + 1)) two
		jw -b $((at + 1)) one
		jw -b $((at + 2)) one
		jw -r $((at + 2))
		jc
	END2
	cp dirty theirs
	cp dirty ours
	cp dirty edited
	cp dirty fixed
	e2fsck -y -E journal_only theirs >e2fsck.out 2>&1
	rc=$?
	[ $rc -le 1 ] || fail "e2fsck $options: exit $rc: $(cat e2fsck.out)"
	others theirs >wanted
	others dirty >before
	! cmp -s before wanted || fail "$options: the journal holds nothing"

	remember_image dirty
	run_e4zero 0 --json dirty
	same "view $options" "$(field view image)" replayed
	image_unchanged dirty

	run_e4zero 1 --fsck-codes --json --replay ours
	[ "$(field replayed summary)" -ge 3 ] || fail "$options: $(field replayed summary) transactions replayed"
	others ours >got
	cmp got wanted || fail "$options: not what e2fsck leaves"
	debugfs -R 'dump /file ours.file' ours >debugfs.log 2>&1
	debugfs -R 'dump /file theirs.file' theirs >debugfs.log 2>&1
	cmp ours.file theirs.file || fail "$options: another content"
	sound ours
	run_e4zero 0 --fsck-codes --replay ours
	grep -q 'nothing to do' out || fail "$options: a second replay does something: $(cat out)"

	# and by --fix, which has nothing else to do: what comes next looks at what is at home
	run_e4zero 0 --json --fix -n fixed
	image_unchanged dirty
	cmp fixed dirty || fail "$options: a dry run of --fix writes"
	run_e4zero 0 --json --fix fixed
	[ "$(field replayed summary)" -ge 3 ] || fail "$options: --fix leaves the log"
	others fixed >got
	cmp got wanted || fail "$options: not what e2fsck leaves, after --fix"
	cp fixed again
	run_e4zero 0 --fix again
	cmp fixed again || fail "$options: a second --fix writes"

	# before an edit, too
	run_e4zero 0 --json --truncate 5000 edited /file
	[ "$(field replayed summary)" -ge 3 ] || fail "$options: nothing replayed before the edit"
	head -c 5000 theirs.file >model
	holds edited /file model
	sound edited
done
edit_image none -O ^has_journal
run_e4zero 0 --replay none
