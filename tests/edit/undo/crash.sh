#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An edit that is killed anywhere can be taken back; an undo that is cut short anywhere can be done again.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires strace
strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
# two tracers exclude each other
export ASAN_OPTIONS=detect_leaks=0
make_ext image 8M
scribble 0 image write:4190000:3000000:9 sync
cp image before
orders=(write:1144:16:0x41 write:4194304:70000:1 zero:5242880:8192 sync write:1144:16:0x42 sync write:6000000:9000:3 sync)

# killed after each order separately
for ((n = 1; n <= ${#orders[@]}; n++)); do
	rm -f undo
	scribble 137 image undo=undo "${orders[@]:0:n}" die
	run_e4zero 0 --undo-apply undo image
	cmp image before || fail "killed after ${orders[*]:0:n}"
done

# killed at the N-th write of any file, or barrier, until the edit gets through
cut() { # N COMMAND...: SIGKILL instead of the N-th of $call
	local rc
	strace -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$1" "${@:2}" >out 2>err </dev/null
	rc=$?
	[ $rc = 0 ] || [ $rc = 137 ] || fail "${*:2}: exit $rc: $(cat err)"
	return $rc
}
edits=0 undos=0
for call in pwrite64 pwritev fdatasync fallocate; do
	cp before image
	for ((n = 1; ; n++)); do
		rm -f undo
		cp before image
		cut $n "$scribble" image undo=undo "${orders[@]}" && break
		[ -e undo ] || continue
		if cmp -s image before; then
			# so early that not even the undo file need be whole; it must not do harm
			"$E4ZERO" --undo-apply undo image >out 2>err
		else
			run_e4zero 0 --undo-apply undo image
		fi
		cmp image before || fail "edit killed at write $n"
	done
	edits=$((edits + n))

	# the undo cut short at each write, then done again
	cp image after
	for ((n = 1; ; n++)); do
		cp after image
		cut $n "$E4ZERO" --undo-apply undo image && break
		run_e4zero 0 --undo-apply undo image
		cmp image before || fail "undo killed at write $n"
	done
	undos=$((undos + n))
done
[ $edits -gt 30 ] && [ $undos -gt 20 ] || fail "only $edits cuts of an edit, $undos of an undo"
