#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The undo of an append, cut short at each of its writes, can be run again: then the image is what it was, and no appended
# byte is past EOF. So can the undo of an append that was itself cut short.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires debugfs
requires strace
strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
# two tracers exclude each other
export ASAN_OPTIONS=detect_leaks=0
make_ext image 8M
head -c 3000 /dev/zero | tr '\0' x >few
head -c 9000 /dev/zero | tr '\0' y >many
debugfs -w -R 'write few file' image >/dev/null 2>&1 || fail debugfs
run_e4zero 0 --check image
cp image before

# killed at the N-th call of $call
cut() { # N COMMAND...
	local rc
	strace -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$1" "${@:2}" >out 2>err </dev/null
	rc=$?
	[ $rc = 0 ] || [ $rc = 137 ] || fail "${*:2}: exit $rc: $(cat err)"
	return $rc
}

edits=0 undos=0 tails=0
for call in pwrite64 pwritev fdatasync; do
	for ((n = 1; ; n++)); do
		rm -f undo
		cp before image
		cut $n "$E4ZERO" --undo undo --write -o 3000 --from many image /file && break
		[ -e undo ] || continue
		cmp -s image before || run_e4zero 0 --undo-apply undo image
		cmp image before || fail "append killed at $call $n"
		edits=$((edits + 1))
	done
	cp image after
	for ((n = 1; ; n++)); do
		cp after image
		cut $n "$E4ZERO" --undo-apply undo image && break
		"$E4ZERO" -q --check image >out 2>err </dev/null || tails=$((tails + 1))
		run_e4zero 0 --undo-apply undo image
		cmp image before || fail "undo killed at $call $n"
		run_e4zero 0 --check image
		undos=$((undos + 1))
	done
done
echo "$edits cuts of an append, $undos of an undo, of which $tails left findings until it was run again"
[ $edits -gt 10 ] && [ $undos -gt 5 ] || fail "only $edits cuts of an edit, $undos of an undo"
