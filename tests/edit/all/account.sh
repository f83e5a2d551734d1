#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --check --all: every byte has one owner, whatever the layout; what mke2fs puts where it puts it is nobody's leak.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

broad some 4 "${layouts[@]}" '64M -b 4096 -O mmp'
for layout in "${some[@]}"; do
	canary_image image "$layout"
	remember_image image
	run_e4zero 4 --json --check --all image
	adds_up image
	for owner in superblock descriptors bitmaps inodes directory content boot-block; do
		[ "$(class $owner bytes)" -gt 0 ] || fail "$layout: no bytes of $owner"
	done
	[ "$(class content bytes)" -ge 310000 ] || fail "$layout: content: $(class content bytes)"
	same "the boot block of $layout" "$(class boot-block bytes)" 1024
	[ "$(class boot-block stale_bytes)" -ge 0 ] || fail "$layout: nothing is said of the boot block"
	# the canary is in all free blocks but those that mke2fs has written to
	[ "$(class free-block stale_bytes)" -gt $(($(class free-block bytes) * 9 / 10)) ] || fail "$layout: $(cat out)"
	image_unchanged image
	# as a table, and the same with one thread
	cp out json
	run_e4zero 4 --check --all image
	has_line '^all .*[0-9]' out || fail "no sum in the table: $(cat out)"
	run_e4zero 4 --json --check --all -j 1 image
	grep -v summary out >one; grep -v summary json >many
	cmp one many || fail "$layout: another ledger with one thread: $(diff one many)"
done
