#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks let each other in, an edit is alone; qemu's lock bytes and flock count both ways, and the holder is named.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"
. "$srcdir/tests/images/recipes.sh"

requires mke2fs
requires python3
make_ext image 8M

# locked_for_edits [NAME], locked_for_all [NAME], not_locked: what the holder leaves to others
locked_for_edits() {
	opens image
	refused "${1:-has locked the image}" image
}
locked_for_all() {
	refuses "${1:-has locked the image}" image
	refused "${1:-has locked the image}" image
}
not_locked() {
	opens image
	scribble 0 image sync
}

not_locked
# two editors, an editor and a check
holding "$scribble" image hold
locked_for_all "process $holder \(scribble\) has locked"
# what a program of qemu's or a script's would see
! flock -n -s image true || fail 'flock -s gets in beside an edit'
release
not_locked

# qemu: consistent read (100), write (101), shares no write (201), no resize (203)
holding ofd_holder image none 100 101 201 203
locked_for_all "process $holder \(python3\) has locked"
release
# a reader of qemu's shares reading only
holding ofd_holder image none 100 201 203
locked_for_edits "process $holder"
release
# somebody who wants to read and shares all, and somebody who shares nothing
holding ofd_holder image none 100
locked_for_edits
release
holding ofd_holder image none 200
locked_for_all
release
# bytes that mean nothing
holding ofd_holder image none 99 104 199 204
not_locked
release

# flock(1)
holding ofd_holder image sh
locked_for_edits
release
holding ofd_holder image ex
locked_for_all "process $holder"
release

# a check holds its lock while it looks: its report does not fit into the pipe
many_tails many 2500
mkfifo pipe
"$E4ZERO" --json many >pipe 2>/dev/null &
checker=$!
exec 5<pipe
read -r _ <&5
run_e4zero 4 many
refused "process $checker" many
cat <&5 >/dev/null
exec 5<&-
wait $checker
scribble 0 many sync

# what another check holds is no hindrance: the same bytes
holding ofd_holder image sh 100 201 203
opens image
release
not_locked
