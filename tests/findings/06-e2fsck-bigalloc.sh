#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 6: on bigalloc e2fsck takes a finished truncate back: what shares the EOF cluster is in the file again.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image -O bigalloc
ino=$(ino_of image /file)
debugfs_script image <<-END2
	sif file size 5000
	sif file dtime 0
	ssv last_orphan $ino
END2
cp image other
run_e4zero 0 --fix other
head -c 5000 ten >want
holds other /file want
sound other
e2fsck -fy image >log 2>&1
debugfs -R 'stat /file' image 2>/dev/null | grep -q 'Size: 12288' || skip 'this e2fsck does not; ours was tested'
debugfs -R 'dump /file got' image >log 2>&1
head -c 10000 got | cmp - ten || fail 'other bytes came back'
