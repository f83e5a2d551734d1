#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGINT and SIGTERM end a check in order: exit 32, a message, and a JSON report that says so in its last line.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq
many_tails image 2500
mkfifo pipe

# The report is far larger than the pipe and the program's buffer together: once its first line can be
# read, the program is still at it, whatever the machine's speed.
stopped() {
	local pid rc line
	# a background job of this shell ignores SIGINT, unless it is told otherwise
	(trap - INT; exec env --default-signal=INT "$E4ZERO" --json image) >pipe 2>err </dev/null &
	pid=$!
	exec 5<pipe
	IFS= read -r line <&5
	kill -s "$1" $pid
	{ printf '%s\n' "$line"; cat; } <&5 >out
	exec 5<&-
	wait $pid
	rc=$?
	[ $rc = 32 ] || fail "$1: exit $rc, wanted 32: $(cat err)"
	same "last line after $1" "$(last_line)" 'summary 32'
	grep -q 'stopped by a signal' err || fail "$1: no message: $(cat err)"
	[ "$(grep -c '"finding"' out)" -lt 2500 ] || fail "$1 did not stop it"
}
stopped TERM
stopped INT
