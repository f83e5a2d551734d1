#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who has locked the file below a loop device has the image, also where a loop device over that one is named; what
# does not hinder at the file does not hinder there.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires_loop
requires mke2fs
requires python3
make_ext image 8M

# what the holder leaves to others, through DEVICE
locked_for_edits() {
	opens "$1"
	run_e4zero 8 --fix "$1"
	grep -Eq "in use: process $holder \(.*\) has locked .*/image$" err || fail "$1: $(cat err)"
}
locked_for_all() {
	refuses "in use: process $holder \(.*\) has locked .*/image;" "$1"
	run_e4zero 0 --force "$1"
	run_e4zero 8 --fix --force "$1"
}
not_locked() {
	opens "$1"
	run_e4zero 0 --fix "$1"
	[ ! -s err ] || fail "$1: $(cat err)"
}

# an edit of the file that began before
holding "$scribble" image hold
attach_loop low image
locked_for_all "$low"
release
not_locked "$low"

attach_loop high "$low"
for device in "$high" "$low"; do
	if [ "$device" = "$low" ]; then detach_loop "$high"; fi
	# qemu that writes, qemu that reads, another check
	holding ofd_holder image none 100 101 201 203
	locked_for_all "$device"
	release
	holding ofd_holder image sh 100 201
	locked_for_edits "$device"
	release
	holding ofd_holder image ex
	locked_for_all "$device"
	release
	not_locked "$device"
done

# the file is not to be seen any more
rm image
run_e4zero 0 --check "$low"
[ ! -s err ] || fail "a check says: $(cat err)"
run_e4zero 0 --fix "$low"
grep -q "cannot determine whether the file below $low is locked" err || fail "no note: $(cat err)"
