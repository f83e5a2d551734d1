#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mounted image is refused, through a loop device, a partition of one, or from another mount namespace;
# --force looks at it, and what does not overlap the place does not count.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires_loop
requires mke2fs
truncate -s 64M disk.img
put_ext disk.img 4 24
put_ext disk.img 32 24
mkdir mnt
attach_loop first disk.img -o $((4 << 20)) --sizelimit $((24 << 20))

# attached is not mounted
opens 'disk.img?offset=4M'

mount "$first" mnt || fail mount
cleanup_fn umount "$tmp/mnt"
refuses '^e4zero: [^:]*: the file system is mounted: /dev/loop[^:]*$' 'disk.img?offset=4M'
refuses 'mounted' "$first"
opens 'disk.img?offset=32M'
run_e4zero 0 --force --json 'disk.img?offset=4M'
grep -q '"mounted": *true' out || fail "not said to be mounted: $(head -1 out)"

ln disk.img other-name.img
refuses 'mounted' 'other-name.img?offset=4M'
