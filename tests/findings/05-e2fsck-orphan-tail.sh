#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 5: e2fsck finishes an interrupted truncate and leaves the old tail; --fix finishes it with the tail zeroed.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

for features in extent ^extent,^64bit ^has_journal; do
	edit_image image -O "$features"
	ino=$(ino_of image /file)
	debugfs_script image <<-END2
		sif file size 5000
		sif file dtime 0
		ssv last_orphan $ino
	END2
	cp image other
	e2fsck -fy image >log 2>&1
	grep -q 'Truncating orphaned inode' log || fail "$features: $(cat log)"
	e2fsck -fn image >log 2>&1 || fail "e2fsck is not content: $(cat log)"
	run_e4zero 4 --json --check image
	same "$features: what e2fsck leaves" "$(rows finding kind nonzero)" '["stale-tail",3192]'
	run_e4zero 0 --fix other
	head -c 5000 ten >want
	holds other /file want
	sound other
done
