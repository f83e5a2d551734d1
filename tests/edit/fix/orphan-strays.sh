#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An entry of the orphan file that names no inode is reported: by a check once, by an edit with its number, which it
# leaves there, with the mark of the file. Free entries are not.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

edit_image image -O orphan_file
keeper=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Orphan file inode: *//p')
[ -n "$keeper" ] || skip 'mke2fs makes no orphan file'
skipped() {
	rows skipped ino why
}
run_e4zero 0 --json image
same 'of an empty file' "$(skipped)" ''
python3 "$srcdir/tests/images/imgpoke.py" image orphans 99999 0 3
debugfs_script image <<<'feature orphan_present'
for verb in --check '--fix -n'; do
	# shellcheck disable=SC2086 # words
	run_e4zero 0 --json $verb image
	skipped | grep -qxF "[$keeper,\"an entry of the orphan file is not an inode\"]" || fail "$verb: $(cat out)"
done
run_e4zero 0 --json image /file
same 'of a file' "$(skipped)" ''
same 'witness' "$(python3 "$srcdir/tests/witness/witness.py" --skipped image)" "$keeper"
for dry in -n ''; do
	# shellcheck disable=SC2086 # words
	run_e4zero 0 --json $dry --truncate 100 image /file
	for ino in 99999 3; do
		skipped | grep -qxF "[$ino,\"it is in the orphan file, but there is no such inode\"]" || fail "$ino: $(cat out)"
	done
	same 'left' "$(field orphans_left summary) $(field orphans_finished summary)" '2 0'
done
dumpe2fs -h image 2>/dev/null | grep -q orphan_present || fail 'the mark is gone'
run_e4zero 0 --json image
skipped | grep -q 'is not an inode' || fail "the entries are gone: $(cat out)"
