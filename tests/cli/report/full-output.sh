#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A report that could not be written whole never leaves with 0.
. "${srcdir:-.}/tests/lib.sh"

requires mke2fs
[ -c /dev/full ] || skip 'no /dev/full'
mke2fs -q -F -t ext4 image 4M || fail 'mke2fs'
for arguments in --help --version '--check --json image'; do
	# shellcheck disable=SC2086 # words
	"$E4ZERO" $arguments >/dev/full 2>err </dev/null
	rc=$?
	[ $rc = 8 ] || fail "e4zero $arguments >/dev/full: exit $rc, wanted 8"
	[ -s err ] || fail "e4zero $arguments >/dev/full: not a word"
done
