#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each file system that must not be edited is refused with its own sentence and stays as it was; --force lifts
# what it may lift and nothing else.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires debugfs
requires python3

# with_super FIELD VALUE IMAGE: checksums follow
with_super() {
	debugfs -w -R "ssv $1 $2" "$3" >debugfs.out 2>&1 || fail "ssv $1: $(cat debugfs.out)"
}

make_ext good.img 8M
scribble 0 good.img zero:4194304:4096 sync

make_ext errors.img 8M
with_super state 3 errors.img
refused 'marked as having errors' errors.img
scribble 0 errors.img force zero:4194304:4096

make_ext fc.img 8M
with_super state 0x21 fc.img
refused 'fast commits' fc.img
refused 'fast commits' fc.img force

# without a journal a mount is all that clears the flag
make_ext nojournal.img 8M -O ^has_journal
scribble 0 nojournal.img sync
with_super state 0 nojournal.img
refused 'not unmounted' nojournal.img
scribble 0 nojournal.img force sync
make_ext journal.img 8M
with_super state 0 journal.img
scribble 0 journal.img sync

for feature in 'shared_blocks share blocks' 'read-only permanently read-only'; do
	make_ext f.img 8M
	debugfs -w -R "feature ${feature%% *}" f.img >debugfs.out 2>&1
	opens f.img
	refused "${feature#* }" f.img
	refused "${feature#* }" f.img force
done
# known to nobody, then known to readers only
make_ext f.img 8M
with_super feature_ro_compat 0x8000006b f.img
refused 'FEATURE_R31' f.img
make_ext f.img 8M
with_super feature_compat 0x8000003c f.img
opens f.img
refused 'FEATURE_C31' f.img

# a log that a kernel gave up: s_errno is the big-endian word at 32 of the log's first block
make_ext aborted.img 8M
block=$(debugfs -R 'bmap <8> 0' aborted.img 2>/dev/null)
bs=$(dumpe2fs -h aborted.img 2>/dev/null | sed -n 's/^Block size: *//p')
printf '\377\377\377\373' | dd of=aborted.img bs=1 seek=$((block * bs + 32)) conv=notrunc status=none
refused 'aborted with error -5' aborted.img
scribble 0 aborted.img force sync

# the feature without an inode
make_ext none.img 8M
with_super journal_inum 0 none.img
refused 'journal' none.img

chmod 400 good.img
if [ "$(id -u)" != 0 ]; then
	refused 'opening the image for writing' good.img
fi
