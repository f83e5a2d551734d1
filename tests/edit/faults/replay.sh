#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each read of a replay fails, where the superblock was torn as well: one sentence says what was being read, and why it failed.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"
requires python3

mke2fs -q -F -t ext4 -O ^resize_inode,metadata_csum -b 1024 -J size=1 -N 64 image 4M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
cp image larger
debugfs_script larger <<<'mkdir more'
python3 "$srcdir/tests/images/mklog.py" image --become larger || fail mklog.py
# only the flag that the log is in use is torn
printf '\302' | dd of=image bs=1 seek=1120 conv=notrunc status=none

failed=0
for ((n = 1; n < 1000; n++)); do
	cp image work
	LD_PRELOAD=$tmp/faulty.so FAULTY_FILE=work FAULTY_COUNT=count FAULTY_READ_STEP=$n "$E4ZERO" --replay work >out 2>err
	rc=$?
	read -r _ reads _ <count
	[ "$reads" -ge $n ] || break
	[ $rc != 0 ] || continue
	failed=$((failed + 1))
	grep -v ': note: ' err >said
	# the name of the action alone is the message if no function has set a better one
	[ "$(wc -l <said)" = 1 ] && ! grep -q 'work: replay: ' said &&
		grep -Eq '^e4zero: work: [^:]+: (Input/output error|.*cannot be read)(;|$)' said ||
		fail "read $n: exit $rc: $(cat said)"
done
[ $failed -gt 20 ] && [ $rc = 0 ] || fail "$failed of $n reads failed, and the last replay ends with $rc"
