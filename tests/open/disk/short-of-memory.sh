#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wherever memory runs out while the file systems of a disk are listed, or an external journal is searched: exit 8 and a
# message, which does not say that the journal is not there.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"

requires mke2fs
requires debugfs
requires sfdisk
requires python3

# each IMAGE COMMAND...: COMMAND after each check of IMAGE in which an allocation fails; $n and $rc say which, and its exit
each() {
	local image=$1
	shift
	FAULTY_COUNT=count LD_PRELOAD=$tmp/faulty.so "$E4ZERO" --sandbox off --check "$image" >out 2>err
	allocations=$(awk '{ print $3 }' count)
	[ "$allocations" -gt 20 ] || fail "count: $(cat count)"
	for ((n = 1; n <= allocations; n++)); do
		# libseccomp 2.5 crashes, or never ends, where its own allocations fail
		FAULTY_ALLOC=$n LD_PRELOAD=$tmp/faulty.so "$E4ZERO" --sandbox off --check "$image" >out 2>err
		rc=$?
		"$@" || fail "$image: allocation $n: exit $rc: $(cat err)"
	done
}

truncate -s 48M disk.img
printf 'label: gpt\nstart=4MiB, size=16MiB, name=A\nstart=24MiB, size=16MiB\n' | sfdisk -q --no-tell-kernel disk.img || fail sfdisk
put_ext disk.img 4 16
put_ext disk.img 24 16
refuses 'several ext file systems found; select one' disk.img
has_message() {
	[ $rc = 8 ] && [ -s err ]
}
each disk.img has_message

truncate -s 100M pv.img
python3 "$srcdir/tests/open/disk/lvm.py" pv.img 0 0
put_ext pv.img 4 8
refuses 'select a linear volume' pv.img
each pv.img has_message

uuid=11111111-2222-3333-4444-555555555555
make_ext fs.img 16M -b 4096 -O ^has_journal
mke2fs -q -F -O journal_dev -b 4096 -U $uuid journal.img 4096 >mke2fs.out 2>&1 || fail "$(cat mke2fs.out)"
python3 - journal.img "$(dumpe2fs -h fs.img 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')" <<-'END'
	import struct, sys, uuid
	f = open(sys.argv[1], "r+b")
	f.seek(4096 + 0x40); f.write(struct.pack(">I", 1))
	f.seek(4096 + 0x100); f.write(uuid.UUID(sys.argv[2]).bytes)
END
for set in 'feature has_journal' "ssv journal_uuid $uuid" 'ssv journal_inum 0' 'feature needs_recovery'; do
	debugfs -w -R "$set" fs.img >debugfs.out 2>&1
done
opens fs.img
blames_memory() {
	[ $rc = 0 ] || { [ $rc = 8 ] && grep -qi 'memory' err; }
}
each fs.img blames_memory
