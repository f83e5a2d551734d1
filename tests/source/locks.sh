#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU's locks: e4zero refuses an image that QEMU uses, and QEMU one that e4zero edits.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
requires qemu-io

edit_image raw.img
into qcow2 raw.img image.img

# hold ARGUMENTS...: qemu-io has image.img open until let_go
hold() {
	coproc QEMU { exec qemu-io "$@" 2>&1; }
	cleanup_fn kill "$QEMU_PID"
	echo 'read 0 512' >&"${QEMU[1]}"
	read -r -u "${QEMU[0]}" said
	[[ $said == *read* ]] || fail "qemu-io: $said"
}
let_go() {
	local pid=$QEMU_PID
	echo quit >&"${QEMU[1]}"
	wait "$pid"
	forget_cleanup kill "$pid"
}

# QEMU reads: a check is allowed, an edit is refused
hold -r -f qcow2 image.img
run_e4zero 0 --check image.img
untouched 8 'process [0-9]+ \(qemu-io\) has locked the image' image.img --truncate 1 image.img /file
untouched 8 'has locked the image' image.img --replay image.img
let_go

# QEMU writes: both are refused
hold -f qcow2 image.img
untouched 8 'process [0-9]+ \(qemu-io\) has locked the image' image.img image.img
untouched 8 'has locked the image' image.img --fix image.img
let_go

# e4zero edits and waits for its data: it holds the lock itself, whether its child runs or not
mkfifo data
"$E4ZERO" --write -o 0 image.img /file <data >out 2>err &
pid=$!
exec 7>data
for ((i = 0; i < 400; i++)); do
	ours | grep -q e4zero && break
	sleep 0.02
done
for ((i = 0; i < 400; i++)); do
	qemu-io -r -f qcow2 -c 'read 0 512' image.img >io.out 2>&1 || break
	sleep 0.02
done
has_line 'Failed to get .*lock' io.out || fail "QEMU may read while e4zero edits: $(cat io.out)"
run_e4zero 8 --check image.img
has_line 'has locked the image' err || fail "$(cat err)"
echo new >&7
exec 7>&-
wait $pid || fail "the edit: $(cat err)"
qemu-io -f qcow2 -c 'read 0 512' image.img >io.out 2>&1 || fail "the lock is still there: $(cat io.out)"
consistent image.img
no_child
