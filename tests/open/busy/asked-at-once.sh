#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who only asks whether a device is in use has it exclusively for a moment. Another e4zero that asks then waits, and
# believes it of one that stays.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires_loop
requires strace
requires mke2fs
requires python3
strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
export ASAN_OPTIONS=detect_leaks=0
make_ext image 8M
attach_loop device image

# at_its_open N COMMAND...: the number, among the opens of the device, of the N-th exclusive one, in alone
at_its_open() {
	strace -o calls -e trace=openat -P "$device" "${@:2}" >out 2>err </dev/null || fail "${*:2}: $? $(cat err)"
	alone=$(grep -n O_EXCL calls | sed -n "$1{s/:.*//p}")
	[ "$alone" ] || fail "${*:2}: no exclusive open: $(cat calls)"
}

for verb in --check --fix; do
	at_its_open 1 "$E4ZERO" "$verb" "$device"
	strace -o calls -e trace=openat -P "$device" -e "inject=openat:error=EBUSY:when=$alone" \
		"$E4ZERO" "$verb" "$device" >out 2>err </dev/null
	rc=$?
	grep -q INJECTED calls || fail "$verb: nothing was refused: $(cat calls)"
	[ "$rc" = 0 ] || fail "$verb: exit $rc, for what another has for a moment: $(cat err)"
	# what holds it to the end is open until then
	[ $verb = --check ] || [ "$(grep -c 'O_EXCL.*= [0-9]' calls)" = 1 ] || fail "$verb: not held: $(cat calls)"
done

python3 -c '
import os, sys
os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
print("held", flush=True)
sys.stdin.read()' "$device" < <(tail -f /dev/null --pid=$$) >held &
holder=$!
cleanup_fn kill $holder
until [ -s held ]; do
	kill -0 $holder || fail 'the device is not held'
	sleep 0.1
done
for verb in --check --fix; do
	refuses "in use: $device is opened exclusively" "$verb" "$device"
done
