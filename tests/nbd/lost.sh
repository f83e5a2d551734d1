#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An NBD server exits at each request (every third one without BROAD), or fails it. A check prints one sentence and no report.
# An edit exits with 8 and leaves the image unchanged, or with 12 and leaves an image that --replay brings to the old or the
# new state.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/nbd/servers.sh"

step=3
[ -z "${BROAD-}" ] || step=1
stale_image model.img
export SOURCE_DATE_EPOCH=1700000000
printf '%s\n' 'truncate /tail 100' 'zero-range /clean 0 8192' >script
cp model.img done.img
run_e4zero 0 --script script done.img

requests() { grep -cE '^[0-9]+ (read|write|flush|zero|status)' server.log; }

# contents IMAGE: checksums of the files
contents() {
	local file
	for file in clean tail; do
		debugfs -R "cat /$file" "$1" 2>/dev/null | cksum
	done
}
before=$(contents model.img) after=$(contents done.img)
[ "$before" != "$after" ] || fail 'the script changes nothing'

our_server model.img
run_e4zero 4 -j 1 --check "$uri"
end_server
count=$(requests)
[ "$count" -gt 5 ] || fail "a check takes $count requests"
for ((k = 0; k < count; k += step)); do
	our_server model.img die=$k
	run_e4zero 8 -j 1 --check "$uri"
	[ ! -s out ] || fail "request $k: there is a report: $(cat out)"
	grep -v ': note: ' err >sentence
	same "sentences at request $k" "$(wc -l <sentence)" 1
done

cp model.img work.img
our_server work.img
run_e4zero 0 --script script "$uri"
end_server
count=$(requests) eights=0 twelves=0
for ((k = 0; k < count; k += step)); do
	cp model.img work.img
	our_server work.img die=$k
	"$E4ZERO" --script script "$uri" >out 2>err </dev/null
	rc=$?
	end_server
	case $rc in
	8)
		cmp -s model.img work.img || fail "request $k: exit 8, and the image was changed"
		eights=$((eights + 1)) ;;
	12)
		grep -q -e --replay err || fail "request $k: no word of --replay: $(cat err)"
		twelves=$((twelves + 1))
		run_e4zero 0 --replay work.img
		now=$(contents work.img)
		[ "$now" = "$before" ] || [ "$now" = "$after" ] || fail "request $k: neither before nor after"
		e2fsck -fn work.img >fsck.log 2>&1 || fail "request $k: $(cat fsck.log)" ;;
	*) fail "request $k: exit $rc: $(cat err)" ;;
	esac
done
[ $eights -ge 3 ] && [ $twelves -ge 3 ] || fail "exit 8: $eights times, 12: $twelves times"

# requests that the server fails: the first write, which reserves space; a later write; the first and the second flush
for how in 8:0:28:write 12:9:5:write 12:0:5:flush 12:1:5:flush; do
	cp model.img work.img
	IFS=: read -r status first code type <<<"$how"
	our_server work.img
	run_e4zero 0 --script script "$uri"
	end_server
	mapfile -t numbers < <(sed -nE "s/^([0-9]+) $type .*/\1/p" server.log)
	cp model.img work.img
	our_server work.img "error=${numbers[first]}+:$code:$type"
	run_e4zero "$status" --script script "$uri"
	end_server
	[ "$status" = 12 ] || cmp model.img work.img || fail "$how: exit 8, and the image was changed"
	run_e4zero 0 --replay work.img
	e2fsck -fn work.img >fsck.log 2>&1 || fail "$how: $(cat fsck.log)"
done

# an unreadable block is a finding, as on a disk
our_server model.img
run_e4zero 4 -j 1 --check "$uri"
end_server
block=$(debugfs -R 'bmap /tail 1' model.img 2>/dev/null)
number=$(awk -v at=$((block * 4096)) '$2 == "read" && $3 <= at && at < $3 + $4 { print $1; exit }' server.log)
our_server model.img "error=$number+:5:read"
run_e4zero 4 -j 1 --check --json "$uri"
grep -q unreadable out || fail 'a read that failed was not reported'

# a server that stops answering in the middle of a check
our_server model.img silent=$((number / 2))
run_e4zero 8 --timeout 1 --check "$uri"
grep -q 'Connection timed out' err || fail "$(cat err)"
end_server
[ ! -e socket ] || fail 'the socket is still there'
