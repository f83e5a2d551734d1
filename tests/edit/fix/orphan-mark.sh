#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mount marks its orphan file as one that may hold inodes (orphan_present). --fix and --replay take the mark away from
# an empty one, with the replay where there is one, so that "e2fsck -fn" has nothing to say; one in use keeps it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

marked() {
	dumpe2fs -h "$1" 2>/dev/null | grep -q orphan_present
}

# gone VERB...: from image, the first time, for good
gone() {
	marked image || fail 'no mark'
	cp image before
	run_e4zero 0 --dry-run "$@" image
	cmp image before || fail "$*: a dry run writes"
	rm -f trace
	run_e4zero 0 --json --trace-io trace "$@" image
	! marked image || fail "$*: the mark is left"
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$*: e2fsck: $(cat e2fsck.out)"
	sound image
	cp image before
	run_e4zero 0 "$@" image
	cmp image before || fail "$*: a second time writes"
}

broad kinds 2 '' '-O ^metadata_csum' '-O ^extent,^64bit'
for kind in "${kinds[@]}"; do
	for verb in --fix --replay; do
		# shellcheck disable=SC2086 # options
		edit_image image -O orphan_file $kind
		debugfs_script image <<<'feature orphan_present'
		gone $verb

		[[ $kind != *^has_journal* ]] || continue
		# and in a log: no transaction of its own follows
		# shellcheck disable=SC2086 # options
		edit_image image -O orphan_file $kind
		cp image other
		debugfs_script other <<-END2
			feature orphan_present
			mkdir new
		END2
		python3 "$srcdir/tests/images/mklog.py" image --become other || fail mklog.py
		debugfs_script image <<<'feature orphan_present'
		gone $verb
	
		! grep -q commit trace || fail "$verb: a transaction: $(cat trace)"
	done
done

# an inode without links is for a mount to free: the mark stays, and so it does where the file is damaged
for verb in --fix --replay; do
	edit_image image -O orphan_file
	debugfs_script image <<-'END'
		feature orphan_present
		write small open
	END
	ino=$(ino_of image /open)
	debugfs_script image <<-'END'
		sif open links_count 0
		unlink open
	END
	python3 "$srcdir/tests/images/imgpoke.py" image orphans "$ino" || fail imgpoke.py
	"$E4ZERO" $verb image >out 2>&1
	marked image || fail "$verb: the mark of an orphan file in use is gone"

	edit_image image -O orphan_file
	debugfs_script image <<<'feature orphan_present'
	keeper=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Orphan file inode: *//p')
	python3 "$srcdir/tests/images/imgpoke.py" image block "$(physical image "<$keeper>" 0)" 4088 00
	"$E4ZERO" $verb image >out 2>&1
	marked image || fail "$verb: the mark of a damaged orphan file is gone"
done
