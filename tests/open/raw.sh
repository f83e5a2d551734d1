#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Raw images of every block size and of each feature that changes the layout open.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
try() {
	make_ext fs.img "$@"
	opens_at 0 fs.img
}
for bs in 1024 2048 4096 8192 16384 32768 65536; do
	try 40M -b $bs
done
try 8M -t ext2
try 8M -t ext3
try 8M -r 0 -t ext2 -O none
try 64M -O bigalloc
try 64M -O bigalloc -b 1024 -C 16384
try 64M -O meta_bg,^resize_inode
try 64M -b 1024 -g 256
try 8M -O mmp
try 64M -O sparse_super2
try 8M -O ^64bit
try 8M -O ^metadata_csum,uninit_bg
try 8M -O metadata_csum_seed
try 8M -O casefold,encrypt,verity,inline_data,ea_inode,large_dir,project,quota,stable_inodes
try 8M -O orphan_file
try 8M -b 1024 -I 1024
try 8M -b 1024 -I 128
try 200K -b 1024
