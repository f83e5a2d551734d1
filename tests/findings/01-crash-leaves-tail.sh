#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 1: after a crash in the default mode the bytes of a lost append stand past EOF, and e2fsck is content; --check shows
# them and --fix removes them. With data=journal nothing is left behind.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/findings/common.sh"

make_image image 32M
# crashed COPY MODE: a file of 1000 bytes on the disk, 500 more of which the size got lost
crashed() {
	mount_image image "commit=600,nodelalloc,data=$2"
	kept_append mnt/file 1000 A
	lost_append mnt/file 500 B
	crash "$1"
	umount_image
}
crashed ordered ordered
cp ordered other
e2fsck -fy ordered >log 2>&1
e2fsck -fn ordered >log 2>&1 || fail "e2fsck is not content: $(cat log)"
same 'the file after e2fsck' "$(letters ordered /file)" '1000 A'
run_e4zero 4 --json --check ordered
same 'what it leaves' "$(rows finding kind size nonzero)" '["stale-tail",1000,500]'

# without e2fsck: the log is replayed by us
run_e4zero 0 --fix other
sound other
same 'the file after --fix' "$(letters other /file)" '1000 A'
! grep -qaF BBBBBBBB <(debugfs -R 'block_dump -f /file 0' other 2>/dev/null) || fail 'the lost append is still there'

rm image
make_image image 32M
crashed journal journal
run_e4zero 0 --replay journal
sound journal
