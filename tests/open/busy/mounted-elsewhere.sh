#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mount that only another mount namespace has is seen too.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires_loop
requires mke2fs
requires unshare
requires unshare -m true
make_ext fs.img 24M
mkdir mnt
attach_loop dev fs.img
mkfifo ready release
unshare -m --propagation private sh -c "mount $dev mnt && echo >ready && read x <release; umount mnt" &
read -r _ <ready
refuses 'mounted' fs.img
refuses 'mounted' "$dev"
echo >release
wait
opens fs.img
