#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The exit status of edits: 0 done or nothing to do, 1 more with --fsck-codes when something was written, 8 before
# the first write, 12 after it, 16 usage; a report that is lost tells which of 8 and 12 it is.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

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
	untouched 8 'writing the trace /dev/full: No space left' image --truncate 0 --trace-io /dev/full image /file
	remember_image image
	"$E4ZERO" --json --truncate 0 image /file >/dev/full 2>err
	same 'exit with a lost beginning' $? 8
	image_unchanged image
	"$E4ZERO" --truncate 0 image /file >/dev/full 2>err
	same 'exit with a lost end' $? 12
	grep -q 'standard output.*No space left on device; the image was changed nevertheless$' err || fail "$(cat err)"
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

# 12 says how to go on, and that is so: cut_short STATUS END ARGUMENTS..., END what the message ends with
again='run the command again; it first completes or discards a transaction that was interrupted'
cut_short() {
	local status=$1 end=$2
	shift 2
	(ulimit -f ${limit:-1024}; run_e4zero "$status" "$@") || exit 1
	same "message of $*" "$(sed 's/[^;]*; //' err)" "$end"
}
cp fresh image
cut_short 12 "$again" --truncate 5000 image /file
run_e4zero 0 --truncate 5000 image /file
sound image
holds image /file model
cp fresh image
cut_short 12 "$again, or undo it now with --undo-apply undo" --undo undo --truncate 5000 image /file
run_e4zero 0 --undo-apply undo image
cmp fresh image || fail 'it was not taken back'
cp fresh image
limit=100 cut_short 12 '--replay completes or discards a transaction that was interrupted; the ones before it are done' \
	--insert-range -o 4096 -l 4096 image /file
run_e4zero 0 --replay image
sound image
edit_image bare -O ^has_journal
cp bare fresh
limit=20 cut_short 12 'there is no journal: run "e2fsck -f IMAGE" first' --truncate 5000 bare /file
e2fsck -fy bare >e2fsck.out 2>&1
[ $? -le 1 ] || fail "$(cat e2fsck.out)"
run_e4zero 0 --truncate 5000 bare /file
sound bare
holds bare /file model
# an undo is done again, and where its first write failed nothing was done
run_e4zero 0 --undo undo2 --truncate 100 bare /file
remember_image bare
(ulimit -f 2; run_e4zero 8 --undo-apply undo2 bare) || exit 1
image_unchanged bare
limit=20 cut_short 12 'run the command again' --undo-apply undo2 bare
run_e4zero 0 --undo-apply undo2 bare
holds bare /file model
