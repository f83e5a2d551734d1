#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel does what we do: sequences of truncates and of every operation, conversions, natural crashes, replays, and
# its hash trees. As root, with loop devices.
srcdir=$(cd "${srcdir:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd)
builddir=$(cd "${builddir:-$srcdir/build}" && pwd)
export srcdir builddir
passed=0 failed=0 skipped=0

run() {
	"$@"
	case $? in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)); echo "failed: $*" ;;
	esac
}

if [ -n "${SAMPLE:-}" ]; then
	export SEEDS=1 FILES=20 STEPS=2
	export KINDS='@(extents-1024|indirect-4096|bigalloc-1024|inline_data-4096|nocsum-2048|small-inode-2048|nojournal-4096|external-1024|no64bit-1024|meta_bg-4096|quota-1024|full-*-4096)'
	EDIT_KINDS='@(extents-1024|indirect-2048|bigalloc-4096|inline_data-4096)' EDIT_FILES=60
	CONVERT_KINDS='@(extents-1024|bigalloc-4096|indirect-4096|external-1024)'
	CANARY_KINDS='@(1k|4k-inode-1024|bigalloc-1k|open-ea_inode|ext3-4k|external|grow-4k|quota)'
	NATURAL_KINDS='@(extents|indirect)-4096'
	run bash "$srcdir/tests/kernel/truncate.sh"
else
	SEEDS=${SEEDS:-1 2 3} run bash "$srcdir/tests/kernel/truncate.sh"
fi
SEEDS=${SEEDS:-1 2} KINDS=${EDIT_KINDS:-*} FILES=${EDIT_FILES:-200} run bash "$srcdir/tests/kernel/edits.sh"
for how in nbd qcow2; do run bash "$srcdir/tests/kernel/through.sh" $how; done
KINDS=${CONVERT_KINDS:-*} run bash "$srcdir/tests/kernel/convert.sh"
KINDS=${NATURAL_KINDS:-*} run bash "$srcdir/tests/kernel/natural.sh"
SEEDS=${SEEDS:-1 2} run bash "$srcdir/tests/kernel/replay.sh"
KINDS='*' run bash "$srcdir/tests/kernel/htree.sh"
[ -n "${SAMPLE:-}" ] || run bash "$srcdir/tests/kernel/guest.sh"
KINDS=${CANARY_KINDS:-*} run bash "$srcdir/tests/canary/layouts.sh"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] || exit 1
[ $passed != 0 ] || exit 77
