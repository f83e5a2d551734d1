#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wherever memory runs out while the file systems of a disk are listed: exit 8 and a message.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"

requires mke2fs
requires sfdisk
truncate -s 48M disk.img
printf 'label: gpt\nstart=4MiB, size=16MiB, name=A\nstart=24MiB, size=16MiB\n' | sfdisk -q --no-tell-kernel disk.img || fail sfdisk
put_ext disk.img 4 16
put_ext disk.img 24 16

FAULTY_COUNT=count LD_PRELOAD=$tmp/faulty.so "$E4ZERO" --check disk.img >out 2>err
grep -q 'several ext file systems found; select one' err || fail "$(cat err)"
allocations=$(awk '{ print $3 }' count)
[ "$allocations" -gt 20 ] || fail "count: $(cat count)"
for ((n = 1; n <= allocations; n++)); do
	FAULTY_ALLOC=$n LD_PRELOAD=$tmp/faulty.so "$E4ZERO" --check disk.img >out 2>err
	rc=$?
	[ $rc = 8 ] && [ -s err ] || fail "allocation $n: exit $rc: $(cat err)"
done
