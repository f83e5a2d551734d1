#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 9: libext2fs grows a file over its old tail, which is in the file then; --truncate zeroes it first.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

grow=$builddir/tests/findings/grow
[ -x "$grow" ] || skip "$grow is not built"
for features in extent ^extent,^64bit; do
	edit_image image -O "$features"
	debugfs_script image <<<'sif file size 5000'
	cp image other
	"$grow" image "$(ino_of image /file)" 8192 || fail 'ext2fs_file_set_size2()'
	head -c 8192 ten >want
	holds image /file want
	run_e4zero 0 --truncate 8192 other /file
	{ head -c 5000 ten; head -c 3192 /dev/zero; } >want
	holds other /file want
	sound other
done
