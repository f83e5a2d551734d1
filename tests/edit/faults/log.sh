#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each write of a transaction whose log takes several writes fails: exit 12 with a clear sentence, and what is left is the
# state before or after.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"
requires_judge

yes 'line of text' | head -c 3300000 >old
yes 'another text' | head -c 3300000 >new
for bs in 1024 4096; do
	rm -f image
	mke2fs -q -F -t ext4 -O ^resize_inode -b $bs -J size=8 -N 64 image 24M >mke2fs.log 2>&1 ||
		fail "mke2fs: $(cat mke2fs.log)"
	debugfs_script image <<<'write old big'
	python3 "$srcdir/tests/edit/faults/faults.py" --kinds write image --write -o 0 --from new work /big || exit 1
done
