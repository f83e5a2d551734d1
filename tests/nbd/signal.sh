#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A signal ends the wait for a server that does not answer, long before --timeout does: before the first change with exit 32
# and an unchanged image, in the middle of a transaction with exit 12; then --replay completes or discards the transaction.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/nbd/servers.sh"

stale_image model.img
export SOURCE_DATE_EPOCH=1700000000
asked() { [ "$(grep -cE '^[0-9]+ |^a client' server.log)" -ge "$1" ]; }

# stopped STATUS SIGNAL LINES ARGUMENTS...: send SIGNAL once the server has logged so many lines. A process in the background
# ignores SIGINT.
stopped() {
	local status=$1 signal=$2 lines=$3 rc
	shift 3
	timeout -s KILL 60 "$E4ZERO" --timeout 600 "$@" >out 2>err </dev/null &
	pid=$!
	wait_for asked "$lines"
	kill -"$signal" "$(pgrep -P $pid)"
	wait $pid
	rc=$?
	[ $rc = "$status" ] || fail "$*: exit $rc after SIG$signal: $(cat err)"
	end_server
}

our_server model.img greeting=silent
stopped 32 TERM 1 --check "$uri"
has_line 'stopped by a signal' err || fail "$(cat err)"
our_server model.img
run_e4zero 4 -j 1 --check "$uri"
end_server
count=$(grep -cE '^[0-9]+ ' server.log)
cp model.img work.img
for jobs in 1 4; do
	for at in 0 $((count / 2)); do
		our_server work.img silent=$at
		stopped 32 TERM $((at + 2)) --check -j $jobs "$uri"
		our_server work.img silent=$at
		stopped 32 HUP $((at + 2)) --fix -j $jobs "$uri"
	done
done
cmp model.img work.img || fail 'the image was changed'

# silence at the write of existing bytes that reserves space, then at the first and the last barrier of an edit
edit=(--truncate 100 "$uri" /tail)
our_server work.img
run_e4zero 0 "${edit[@]}"
end_server
mapfile -t writes < <(sed -nE 's/^([0-9]+) write .*/\1/p' server.log)
mapfile -t flushes < <(sed -nE 's/^([0-9]+) flush .*/\1/p' server.log)
cp model.img work.img
our_server work.img silent="${writes[0]}"
stopped 32 TERM $((writes[0] + 2)) "${edit[@]}"
cmp model.img work.img || fail 'the image was changed'
for at in "${flushes[0]}" "${flushes[-1]}"; do
	cp model.img work.img
	our_server work.img silent="$at"
	stopped 12 TERM $((at + 2)) "${edit[@]}"
	has_line 'Operation canceled; run the command again' err ||
		fail "$(cat err)"
	run_e4zero 0 --replay work.img
	e2fsck -fn work.img >fsck.log 2>&1 || fail "silent from request $at on: $(cat fsck.log)"
done
