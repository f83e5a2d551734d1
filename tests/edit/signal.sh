#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A signal before the commit ends an edit in order: exit 32, a message, the image as it was.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image
remember_image image
mkfifo trace

# The edit waits for somebody who reads its trace; by then the image is open, and the signal is there before it goes on.
for signal in TERM INT; do
	(trap - INT; exec env --default-signal=INT "$E4ZERO" --json --truncate 0 --trace-io trace image /file) >out 2>err &
	pid=$!
	for ((i = 0; ; i++)); do
		find "/proc/$pid/fd" -lname "$tmp/image" 2>/dev/null | grep -q . && break
		kill -0 $pid 2>/dev/null || fail "it ended before its time: $(cat err)"
		[ $i -lt 100000 ] || fail 'it does not open the image'
	done
	kill -s $signal $pid
	cat trace >lines
	wait $pid
	same "exit after $signal" $? 32
	same "last line after $signal" "$(last_line)" 'summary 32'
	grep -q 'stopped by a signal' err || fail "$signal: no message: $(cat err)"
	[ ! -s lines ] || fail "$signal: written: $(cat lines)"
	image_unchanged image
done
