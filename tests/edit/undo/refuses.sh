#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An undo file is not made over another file, and not applied to another image, another state, a busy image, nor
# when a bit of it is wrong: exit 8, the image as it was.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires tune2fs
requires python3

# not_undone PATTERN [FILE [IMAGE]]
not_undone() {
	local image=${3:-image}
	remember_image "$image"
	refuses "$1" --undo-apply "${2:-undo}" "$image"
	image_unchanged "$image"
}

# without checksums: scribble leaves them alone
make_ext image 8M -O ^metadata_csum
echo mine >exists
refused 'File exists' image undo=exists
[ "$(cat exists)" = mine ] || fail 'the file was changed'
ln -s nowhere link
refused 'File exists' image undo=link
refused 'No such file' image undo=missing/undo
refused 'creating the undo file' image undo=image

scribble 0 image undo=undo write:4194304:9000:7 write:1144:8:0x41 sync
cp image edited

not_undone 'not an undo file' image
not_undone 'opening the undo file' missing
head -c 100 undo >short
not_undone 'too short' short
head -c 20000 undo >short
not_undone 'too short' short

# every byte counts but the superblocks' other place and what fills up blocks
for at in 3 10 60 400 $((3 * 4096)) $((3 * 4096 + 20)) $((3 * 4096 + 4000)) $((4 * 4096 + 5)) $((4 * 4096 + 9000)); do
	cp undo bent
	python3 -c 'import sys
f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); b = f.read(1)[0]
f.seek(-1, 1); f.write(bytes([b ^ 64]))' bent "$at"
	not_undone 'undo file' bent
done

# another file system; the same one later
make_ext other 8M -O ^metadata_csum
not_undone 'another UUID' undo other
tune2fs -L later image >tune2fs.out 2>&1 || fail "$(cat tune2fs.out)"
not_undone 'changed after the edit'
cp edited image
truncate -s 3M image
not_undone 'shorter than'
cp edited image

# an edit that was killed, then a mount or a check of the file system: the superblock says so
rm undo
scribble 137 image undo=undo write:1144:8:0x42 die
cp image killed
debugfs -w -R 'ssv mnt_count 7' image >debugfs.out 2>&1
! cmp -s image killed || fail "ssv: $(cat debugfs.out)"
not_undone 'mounted or checked since'
cp killed image

holding "$scribble" image hold
not_undone "process $holder"
release
run_e4zero 16 --undo-apply
run_e4zero 16 --check --undo-apply undo image
run_e4zero 0 --undo-apply undo image
