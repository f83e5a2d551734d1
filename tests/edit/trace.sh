#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The trace has a line for each write, zeroing and barrier, in order, with offsets of the image; it is there when the
# program is killed; a trace that cannot be written stops the edit before the write that it would hide.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
truncate -s 12M disk.img
put_ext disk.img 2 8
scribble 0 'disk.img?offset=2M' trace=log write:4194304:100:1 zero:4198400:8192 sync write:0:1:0
cat >wanted <<-END
write 6291456 100  # scribble
zero 6295552 8192  # scribble
flush  # scribble
write 2097152 1  # scribble
END
cmp log wanted || fail "$(cat log)"

rm log
scribble 137 'disk.img?offset=2M' trace=log write:4194304:100:1 die
[ "$(cat log)" = 'write 6291456 100  # scribble' ] || fail "killed: $(cat log)"

make_ext image 8M
refused 'creating the trace' image trace=missing/log
refused 'is the image itself' image trace=image
ln image link
refused 'is the image itself' image trace=link
echo kept >there
refused 'File exists' image trace=there
[ "$(cat there)" = kept ] || fail "a trace over another file: $(cat there)"

remember_image image
scribble 12 image trace=/dev/full write:4194304:100:1
grep -q 'No space left' err || fail "full: $(cat err)"
image_unchanged image
