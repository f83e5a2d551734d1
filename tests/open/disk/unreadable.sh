#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the start of a disk cannot be read nobody says that there is no known format: the message has the disk's error. An
# ext file system is opened although its boot block cannot be read.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"

requires mke2fs
requires sfdisk
truncate -s 48M disk.img
printf 'label: gpt\nstart=4MiB, size=16MiB\n' | sfdisk -q --no-tell-kernel disk.img || fail sfdisk
put_ext disk.img 4 16
truncate -s 20M disk.img # the rest, with the backup, is cut off: libblkid, whose reads do not fail here, finds no table
opens_at 4194304 disk.img
make_ext raw.img 8M

bad() { # OFFSET IMAGE STATUS
	FAULTY_FILE=$tmp/$2 FAULTY_READ=$1 LD_PRELOAD=$tmp/faulty.so "$E4ZERO" --check "$2" >out 2>err
	local rc=$?
	[ $rc = "$3" ] || fail "$2, byte $1: exit $rc: $(cat err)"
}
for byte in 510 600 $((2 * 512 + 16000)); do
	bad $byte disk.img 8
	grep -qx 'e4zero: disk.img: reading the start of the image: Input/output error' err || fail "byte $byte: $(cat err)"
done
bad 0 raw.img 0
bad 600 raw.img 0
bad 1100 raw.img 8
grep -q 'reading the superblock: Input/output error$' err || fail "$(cat err)"
