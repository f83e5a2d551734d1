#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The comparison with the kernel once more, a sample of it, where e4zero edits the images through a server of NBD, and in
# qcow2. Usage: through.sh HOW, as in tests/source/through.py
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

case $1 in
nbd) requires nbdkit ;;
*) requires qemu-img; requires qemu-nbd ;;
esac
export THROUGH=$1 THROUGH_E4ZERO=$E4ZERO
mke2fs -q -F -t ext4 image 8M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
"$srcdir/tests/source/through.py" --check image >said 2>&1 || skip "$1: $(tail -n 1 said)"
export E4ZERO=$srcdir/tests/source/through.py SEEDS=1 FILES=20 ROUNDS=2 BLOCKS=1024
export KINDS='@(extents|indirect|bigalloc|inline_data|nojournal|quota)-1024'
# not in front of the cleaning up of this test
(exec bash "$srcdir/tests/kernel/edits.sh") || exit
