#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The exit status of edits: 0 done or nothing to do, 1 more with --fsck-codes when something was written, 8 before
# the first write, 12 after it, 16 usage; a report that is lost tells which of 8 and 12 it is.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/cli-common.sh"

edit_image image
cp image fresh
run_e4zero 1 --fsck-codes --truncate 0 image /file
run_e4zero 0 --fsck-codes --truncate 0 image /file
run_e4zero 0 --fsck-codes --replay image
run_e4zero 0 -q --truncate 5 image /file
[ ! -s out ] || fail "-q: $(cat out)"

for wrong in '--truncate' '--truncate 1' '--truncate 1 image' '--truncate 1 image /a /b' '--truncate x image /file' \
	'--truncate -1 image /file' '--truncate 1Q image /file' '--truncate 20E image /file' '--truncate 0x image /file' \
	'--truncate 1 image file' '--replay image /file' '--map image' '--map --truncate 1 image /file' \
	'--data ordered image' '--data what --truncate 1 image /file' '--split --replay image' '--trace-io t image' \
	'--undo u --map image /file'; do
	# shellcheck disable=SC2086 # words
	untouched 16 . image $wrong
done

# the disk under the image fills up at the first write: a trace that cannot be written stops it before
if [ -c /dev/full ]; then
	cp fresh image
	untouched 8 'No space left' image --truncate 0 --trace-io /dev/full image /file
	remember_image image
	"$E4ZERO" --json --truncate 0 image /file >/dev/full 2>err
	same 'exit with a lost beginning' $? 8
	image_unchanged image
	"$E4ZERO" --truncate 0 image /file >/dev/full 2>err
	same 'exit with a lost end' $? 12
	grep -q 'standard output' err || fail "$(cat err)"
	sound image
fi

# what may be written ends below the file's blocks: all goes well up to the commit, and not at home
cp fresh image
(ulimit -f 1024; run_e4zero 12 --truncate 5000 --trace-io trace image /file) || exit 1
same 'lines of message' "$(grep -c '^e4zero: ' err)" 1
grep -q 'File too large' err || fail "$(cat err)"
grep -q '# commit' trace || fail "it failed before the commit: $(cat trace)"
run_e4zero 1 --fsck-codes --replay image
sound image
head -c 5000 ten >model
holds image /file model
cp fresh image
(ulimit -f 1024; run_e4zero 13 --fsck-codes --truncate 5000 image /file) || exit 1
