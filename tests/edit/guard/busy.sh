#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Neither a mounted image is edited, nor one that a loop device shows, whole or a partition; force or not.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires_loop
requires mke2fs
truncate -s 64M disk.img
put_ext disk.img 4 24
put_ext disk.img 32 24
mkdir mnt
scribble 0 'disk.img?offset=4194304' sync

attach_loop first disk.img -o $((4 << 20)) --sizelimit $((24 << 20))
opens 'disk.img?offset=4M'
grep -q "attached to $first" err || fail "no note that it is attached: $(cat err)"
refused "attached to $first" 'disk.img?offset=4M'
refused "attached to $first" 'disk.img?offset=4M' force
# what does not overlap does not count, nor does the device itself
scribble 0 'disk.img?offset=33554432' sync
scribble 0 "$first" sync

mount "$first" mnt || fail mount
cleanup_fn umount "$tmp/mnt"
refused 'mounted' 'disk.img?offset=4M'
refused 'mounted' 'disk.img?offset=4M' force
scribble 8 "$first" force sync
grep -q mounted err || fail "the device: $(cat err)"

# all of the disk is attached: so is each of its file systems
make_ext other.img 8M
attach_loop second other.img
refused "attached to $second" other.img
ln other.img same.img
refused "attached to $second" same.img

# a device that somebody else has opened exclusively
make_ext third.img 8M
attach_loop third third.img
holding python3 -c 'import os, sys
os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
print("ready", flush=True)
sys.stdin.read()' "$third"
scribble 8 "$third" sync
grep -Eq 'in use|busy' err || fail "exclusive: $(cat err)"
release
scribble 0 "$third" sync
