#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An edit with --undo is taken back by --undo-apply, and by e2undo, to the last bit; of a dirty image the replay, too.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

head -c 4096 /dev/zero | tr '\0' y >block
broad kinds 2 extent ^extent,^64bit,^has_journal inline_data dirty
for features in "${kinds[@]}"; do
	edit_image image $([ $features = dirty ] || echo -O $features)
	[ $features != dirty ] || debugfs_script image <<-END2
		jo
		jw -b $(physical image /file 1) block
		jc
	END2
	for size in 0 5000 3M; do
		cp image before
		rm -f undo
		run_e4zero 0 --truncate $size --undo undo image /file
		! cmp -s image before || fail "$features $size: nothing was edited"
		cp image after
		cp undo kept
		run_e4zero 0 --dry-run --undo-apply undo image
		cmp image after || fail 'a dry run of the undo writes'
		run_e4zero 1 --fsck-codes --undo-apply undo image
		cmp image before || fail "$features $size: not what it was"
		if command -v e2undo >/dev/null; then
			cp after image
			e2undo kept image >e2undo.out 2>&1 || fail "e2undo: $(cat e2undo.out)"
			cmp image before || fail "$features $size: e2undo leaves something else"
		fi
		cp after image
	done
done
untouched 8 'File exists' image --truncate 1 --undo kept image /file
untouched 8 'File exists' image --truncate 1 --undo image image /file

# one file for both, or the image itself, by whatever name
ln image hard
ln -s image soft
untouched 8 'is the undo file' image --truncate 1 --undo both --trace-io both image /file
[ ! -e both ] || fail 'an empty undo file is left'
ln -s both later
untouched 8 'is the undo file' image --truncate 1 --undo both --trace-io later image /file
for name in image hard soft; do
	untouched 8 'is the image itself' image --truncate 1 --trace-io $name image /file
	untouched 8 'File exists' image --truncate 1 --undo $name image /file
done
