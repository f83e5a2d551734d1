#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Multiple mount protection: an edit takes the block and leaves it as it was; what writes nothing else does not write it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/mmp/common.sh"

for features in metadata_csum ^metadata_csum; do
	mmp_image image -O "mmp,$features"
	before=$(mmp_bytes image)
	remember_image image
	run_e4zero 0 --check image
	run_e4zero 0 --dry-run --truncate 5 image /file
	run_e4zero 0 --truncate 10000 image /file
	run_e4zero 0 --fix image
	image_unchanged image
	run_e4zero 0 --trace-io trace --undo undo --truncate 5000 image /file
	same "the waiting of $features" "$(grep -c 'multiple mount protection: waiting 2 seconds' err)" 1
	same "the block of $features" "$(mmp_bytes image)" "$before"
	! grep -q "write $mmp_at " trace || fail 'the block is in a transaction'
	sound image
	printf '%s\n' 'truncate /file 4000' commit 'truncate /small 50' >script
	run_e4zero 0 --json --script script image
	same 'transactions' "$(records summary transactions)" 2
	same 'how often it waited' "$(grep -c waiting err)" 1
	same "the block after a script" "$(mmp_bytes image)" "$before"
	sound image
	rm -f trace undo
done

# undone, too
mmp_image image
cp image before
run_e4zero 0 --undo undo --truncate 5000 image /file
run_e4zero 0 --undo-apply undo image
same 'how often it waited' "$(grep -c waiting err)" 1
cmp image before || fail 'the edit was not undone'
