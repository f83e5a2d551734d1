#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Blocks that were read ahead from an NBD server are used: at most a quarter of the blocks of inode tables are read twice,
# although other blocks are read in between. Blocks of trees are not waited for one by one.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/nbd/servers.sh"

# 1000 files of five extents, each with a leaf block; 64 inodes take 256 KiB of the table
mkdir tree
python3 - <<-'END'
	import os
	for n in range(1000):
	    with open(f"tree/{n}", "wb") as f:
	        for i in range(5):
	            os.pwrite(f.fileno(), b"x", i * 8192)
END
make_image model.img 96M -I 4096 -N 2048 -d tree

for flags in '' flags=no-structured; do
	our_server model.img $flags
	run_e4zero 0 --check -j1 "$uri"
	# long reads are those of tables; the reads that identify the image are shorter
	awk '$2 == "read" {
		long = $4 > 65536
		for (b = int($3 / 4096); b < ($3 + $4) / 4096; b++) {
			tables += long
			again += long && seen[b]
			seen[b] = 1
		}
	}
	END { printf "%d blocks of tables were read, %d of them again\n", tables, again; exit !tables || again > tables / 4 }' \
		server.log >said || fail "${flags:-structured}: $(cat said)"
done

# 400 files of six extents: far from each other are their leaf blocks and, as ext3 has it, their indirect blocks
python3 - <<-'END'
	import os, shutil
	shutil.rmtree("tree")
	os.mkdir("tree")
	for n in range(400):
	    with open(f"tree/{n}", "wb") as f:
	        for i in range(5):
	            os.pwrite(f.fileno(), b"x", i * 2048)
	        os.pwrite(f.fileno(), bytes(b"x" * 100000), 12288)
END
for features in "" "-O ^extent,^64bit"; do
	make_image model.img 64M -b 1024 -d tree $features
	our_server model.img slow=2
	run_e4zero 0 --check -j1 "$uri"
	awk '$2 == "read" && $4 <= 1024 {
		alone += $6 != "more"
		all++
	}
	END { printf "%d short reads, %d of them alone\n", all, alone; exit all < 400 || alone > all / 2 }' server.log >said ||
		fail "${features:-extents}: $(cat said)"
done
