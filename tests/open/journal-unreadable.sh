#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A journal that cannot be read is not a corrupt journal: the message has the disk's error. A check of a clean file
# system goes on without it; the journal's own inode is a finding where its map cannot be read.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"

requires mke2fs
requires debugfs

# a journal of indirect blocks; the disk fails at the block of pointers, and at the first block of the log
make_ext image 16M -t ext3 -b 1024
pointers=$(debugfs -R 'stat <8>' image 2>/dev/null | sed -n 's/.*(IND):\([0-9]*\).*/\1/p' | head -1)
first=$(debugfs -R 'bmap <8> 0' image 2>/dev/null)
[ "$pointers" -gt 0 ] && [ "$first" -gt 0 ] || fail "pointers $pointers, log $first"
remember_image image

bad() { # BLOCK STATUS ARGUMENTS...
	local block=$1 status=$2
	shift 2
	FAULTY_FILE=$tmp/image FAULTY_READ=$((block * 1024)) LD_PRELOAD=$tmp/faulty.so \
		"$E4ZERO" "$@" >out 2>err
	local rc=$?
	[ $rc = "$status" ] || fail "$*, block $block: exit $rc: $(cat err)"
}
bad "$pointers" 4 --check image
bad "$first" 0 --check image
for block in "$pointers" "$first"; do
	bad "$block" 8 --truncate 0 image /file
	grep -q 'the journal.*: Input/output error$' err || fail "block $block: $(cat err)"
done
debugfs -w -R 'feature needs_recovery' image >/dev/null 2>&1
remember_image image
for block in "$pointers" "$first"; do
	for verb in --check --replay; do
		bad "$block" 8 $verb image
		grep -q 'the journal.*: Input/output error$' err || fail "$verb, block $block: $(cat err)"
	done
done
image_unchanged image
