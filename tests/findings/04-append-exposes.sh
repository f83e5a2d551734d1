#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 4: an append that begins at EOF is scrubbed by nobody: after a second crash the file holds the lost append of the
# first one where its new data should be. After --fix between the two it holds zeroes there.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/findings/common.sh"

make_image image 32M
mount_image image commit=600,nodelalloc
kept_append mnt/file 1000 A
lost_append mnt/file 500 B
crash first
umount_image

# again MENDED: append to the file, commit its size and not its data, and crash once more
again() {
	cp "$1" image
	mount_image image commit=600
	python3 - mnt <<-'END2' || fail 'the second append'
	import os, sys
	fd = os.open(sys.argv[1] + "/file", os.O_WRONLY | os.O_APPEND)
	os.write(fd, b"C" * 500)
	other = os.open(sys.argv[1] + "/other", os.O_WRONLY | os.O_CREAT, 0o644)
	os.write(other, b"x")
	os.fsync(other)
	END2
	crash second
	umount_image
	e2fsck -fy second >log 2>&1
	letters second /file
}
cp first fixed
e2fsck -fy first >log 2>&1
run_e4zero 0 --fix fixed
without=$(again first) with=$(again fixed)
same 'the file with --fix' "$with" '500 0 1000 A'
[ "$without" != '500 0 1000 A' ] || skip 'this kernel exposes nothing; ours was tested'
same 'the file without --fix' "$without" '1000 A 500 B'
