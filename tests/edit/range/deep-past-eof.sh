#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Unwritten blocks past the EOF of a deep tree: e2fsck accepts what is done, and what it would not accept is refused.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

# 420 pieces in blocks of 1 KiB: two levels; the last leaf has room for some more
truncate -s 16M image
mke2fs -q -F -t ext4 -b 1024 image
truncate -s 860160 sparse
python3 -c 'f = open("sparse", "r+b")
for k in range(420): f.seek(2048 * k); f.write(b"x" * 1024)'
debugfs_script image <<<'write sparse file'
debugfs -R 'ex /file' image 2>&1 | grep -q '^ *2/ 2' || fail 'the tree is not deep'

# past COUNT: a script that allocates so many pieces past EOF
past() {
	for ((k = 0; k < $1; k++)); do
		echo "allocate /file $((1000000 / 1024 * 1024 + 2048 * k)) 1024 keep-size"
	done >script
}

cp image one
past 20
run_e4zero 0 --script script one
sound one
holds one /file sparse
past 200
untouched 8 'too deep to keep the blocks past EOF' image --script script image
untouched 8 'too deep to keep the blocks past EOF' one --script script one
# once EOF is past them there is nothing to mind
sed -i 's/ keep-size//' script
run_e4zero 0 --script script image
sound image
