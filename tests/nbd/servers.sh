# SPDX-License-Identifier: GPL-2.0-or-later
# NBD servers that end with the test. Source it after tests/lib.sh.

grep -q '#define HAVE_LIBNBD 1' "$builddir/config.h" || skip 'built without libnbd'
uri="nbd+unix:///?socket=$tmp/socket"
server=''

# end_server: end the server that runs, if any
end_server() {
	rm -f "$tmp/socket"
	[ -n "$server" ] || return 0
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=''
}
cleanup_fn end_server

# wait_for COMMAND...: wait until it succeeds; fail if the server ends or a minute has passed
wait_for() {
	local end=$((SECONDS + 60))
	until "$@"; do
		kill -0 "$server" 2>/dev/null || fail "the server ended: $(cat server.log)"
		[ $SECONDS -lt $end ] || fail "the server is not there after a minute: $(cat server.log)"
	done
}

# nbdkit_serves ARGUMENTS...: nbdkit at $uri
nbdkit_serves() {
	requires nbdkit
	end_server
	rm -f pid
	nbdkit -f -U "$tmp/socket" -P "$tmp/pid" "$@" >server.log 2>&1 &
	server=$!
	wait_for test -s pid
}

# our_server FILE [KEY=VALUE...]: tests/nbd/server.py at $uri; its requests are in server.log
our_server() {
	end_server
	: >server.log
	command python3 -S "$srcdir/tests/nbd/server.py" socket "$@" >server.log 2>&1 &
	server=$!
	wait_for has_line '^ready' server.log
}

# same_report A B WHAT: JSON Lines that differ only in the name of the image, progress, time, notes, and the number of bytes
# read, which depends on the holes that a server reports
report_of() {
	grep -v '"type":"progress"' "$1" | sed -E 's/"(path|image)":"(nbd[^"]*|[^"/]*\.img)"//; s/"seconds":[0-9.e-]+//; s/"bytes_read":[0-9]+//; s/"notes":\[[^]]*\]//'
}
same_report() {
	diff <(report_of "$1") <(report_of "$2") >difference || fail "$3: the reports differ: $(head -5 difference)"
}
