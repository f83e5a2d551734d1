#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A system inode of an ordinary number is never checked or edited: a journal after "tune2fs -j" of a mounted file
# system, and an inode that a field of a feature which is off names.
. "${srcdir:-.}/tests/lib.sh"

requires mke2fs
requires debugfs

not_checked() { # IMAGE INODE FILES-OF-IMAGE
	remember_image "$1"
	run_e4zero 8 --check "$1" "<$2>"
	grep -q '^e4zero: .*: nothing was ' err || fail "inode $2 of $1 was checked: $(cat out err)"
	run_e4zero 0 -v "$1"
	grep -q "in $3 file" out || fail "inode $2 of $1 counts as a file: $(cat out)"
	run_e4zero 8 --truncate 10 "$1" "<$2>"
	grep -q 'belongs to the file system itself' err || fail "inode $2 of $1: $(cat err)"
	image_unchanged "$1"
}

: >empty
head -c 5000 /dev/zero | tr '\0' x >content
mke2fs -q -F -t ext4 journal 8M
debugfs -w -f - journal >/dev/null 2>&1 <<-'END'
	write empty .journal
	write content file
	copy_inode <8> <12>
	clri <8>
	set_super_value journal_inum 12
END
not_checked journal 12 1

mke2fs -q -F -t ext4 -O ^orphan_file,^quota named 8M
debugfs -w -f - named >/dev/null 2>&1 <<-'END'
	write content one
	write content two
	write content file
	set_super_value prj_quota_inum 12
	set_super_value orphan_file_inum 13
END
not_checked named 12 1
not_checked named 13 1
