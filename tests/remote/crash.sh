#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An NBD server dies at any request of an edit, or its disk has completed some of the writes since the last flush and not
# others. After recovery of the journal the image is that before or that after the edit.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires nbdkit
requires debugfs
run_e4zero 8 --check 'nbd+unix:///?socket=/nowhere'
! grep -q 'built without libnbd' err || skip 'built without libnbd'

# no kernel reads this image, so it can have small blocks and a small journal: there are few states
mke2fs -q -F -t ext4 -b 1024 image 4M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
text eight 2048 x
debugfs_script image <<-END
	write eight clean
	write eight tail
	write eight past
	sif tail size 1500
	sif past size 1024
END
printf 'truncate /clean 3000\nzero-range /tail 100 1400\npunch-hole /past 0 1024\n' >edits
edits=(
	'--fix -q +'
	'--truncate 100 -q + /clean'
	'--fix --all -q +'
	'--script edits -q +'
	'--punch-hole -o 0 -l 1024 -q + /clean'
	'--write --from eight -o 1000 -q + /clean'
	'--collapse-range -o 0 -l 1024 -q + /clean'
	'--fix --undo undo -q +'
)
broad some 4 "${edits[@]}"
remember_image image
for edit in "${some[@]}"; do
	rm -f undo
	# shellcheck disable=SC2086 # its words
	python3 "$srcdir/tests/remote/crash.py" "$E4ZERO" image $edit >said 2>&1 || fail "$(cat said)"
	image_unchanged image
	cat said
done
