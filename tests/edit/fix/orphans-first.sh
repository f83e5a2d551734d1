#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix finishes orphans before all else: what they give up may be taken for another file's tree and is not touched
# again; an orphan whose blocks are contested is left.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

# orphan IMAGE FILE: its truncate was cut short
orphan() {
	debugfs -w -R "ssv last_orphan $(ino_of "$1" "$2")" "$1" >debugfs.log 2>&1
}

# fill IMAGE: no block is free
fill() {
	local i
	debugfs_script "$1" <<-END
		write empty filler
		fallocate filler 0 $(($(free_blocks "$1") - 9))
	END
	for ((i = $(free_blocks "$1"); i > 0; i--)); do echo "write small s$i"; done >writes
	debugfs_script "$1" <writes
	same 'free blocks' "$(free_blocks "$1")" 0
}

free_blocks() {
	dumpe2fs -h "$1" 2>/dev/null | sed -n 's/^Free blocks: *//p'
}

striped() {
	python3 - "$1" <<-'END'
		import sys
		with open(sys.argv[1], "wb") as f:
		    for i in range(4):
		        f.seek(i * 2 * 4096)
		        f.write(b"stripe of text " * (200 if i < 3 else 500))
	END
}

# /stripes has as many extents as fit into its inode, and EOF cuts the last one; only what /half gives up is free then
edit_image image -m 0 -O ^has_journal,^resize_inode
striped stripes
debugfs_script image <<-'END'
	write stripes stripes
	write small half
	fallocate half 1 40
	sif half size 100
END
fill image
orphan image /half
debugfs -R 'ex /half' image >half.ex 2>/dev/null
python3 - image <<'END'
import re, sys
# residue under the unwritten blocks past EOF
spans = [(int(a), int(b)) for a, b in re.findall(r"(\d+) *- *(\d+) +\d+ *Uninit", open("half.ex").read())]
if not spans:
    sys.exit("no unwritten extent")
with open(sys.argv[1], "r+b") as f:
    for first, last in spans:
        for block in range(first, last + 1):
            f.seek(block * 4096)
            f.write(b"residue")
END
[ $? = 0 ] || fail "residue: $(cat half.ex)"
debugfs_script image <<<'sif stripes size 25000'
debugfs -R 'dump /stripes before' image >debugfs.log 2>&1
head -c 25000 before >before.eof
run_e4zero 4 --json --check --paranoid image
grep -q '"kind":"unwritten-residue".*"path":"/half"' out || fail "no residue: $(cat out)"
run_e4zero 0 --json --fix --paranoid image
e2fsck -fn image >e2fsck.out 2>&1 || fail "e2fsck: $(cat e2fsck.out)"
holds image /stripes before.eof
debugfs -R 'stat /stripes' image 2>/dev/null | grep -q ETB || fail '/stripes was to take a block'
run_e4zero 0 --paranoid --check image

# the same block in an orphan and in a file
edit_image image -O ^extent,^64bit
debugfs_script image <<<'write ten half'
debugfs_script image <<-END
	sif half size 100
	sif file block[1] $(debugfs -R 'bmap half 1' image 2>/dev/null)
END
orphan image /half
debugfs -R 'dump /file before' image >debugfs.log 2>&1
debugfs_script image <<<'write ten tail'
debugfs_script image <<<'sif tail size 3000'
run_e4zero 4 --json --fix image
holds image /file before
same 'still on the list' "$(dumpe2fs -h image 2>/dev/null | sed -n 's/^First orphan inode: *//p')" "$(ino_of image /half)"
same 'left' "$(jq -r 'select(.type == "finding" and .fixed == false) | .kind + " " + .path' out)" \
	"$(printf 'unreadable /file\nunreadable /half')"
