#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An NBD server that does not exist, does not answer, answers with garbage, or lacks what an edit requires: one sentence and
# exit 8 in bounded time, and no byte is changed. A file whose name looks like a URI can be opened.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/nbd/servers.sh"

stale_image image.img
remember_image image.img

# refused WORDS ARGUMENTS...
refused() {
	local words=$1 start=$SECONDS
	shift
	run_e4zero 8 "$@" "$uri"
	[ $((SECONDS - start)) -lt 30 ] || fail "$*: it took $((SECONDS - start)) seconds"
	grep -v ': note: ' err >sentence
	same "sentences of $words" "$(wc -l <sentence)" 1
	grep -q "$words" sentence || fail "wanted \"$words\": $(cat sentence)"
	[ ! -s out ] || fail "there is a report: $(cat out)"
	said_once
}

refused 'connecting to the NBD server: No such file' --check
our_server image.img greeting=garbage
refused 'the NBD server cannot be used: ' --check
our_server image.img greeting=silent
refused 'connecting to the NBD server: Connection timed out' --timeout 1 --check
our_server image.img greeting=half
refused 'connecting to the NBD server: Connection timed out' --timeout 1 --check
our_server image.img export=other
refused 'the NBD server cannot be used: ' --check
our_server image.img flags=read-only
refused 'the NBD export is read-only' --fix
run_e4zero 4 --check "$uri"
our_server image.img flags=no-flush
refused 'the NBD server does not support flush' --fix
run_e4zero 4 --check "$uri"
kill "$server"
wait "$server" 2>/dev/null
server=''
refused 'connecting to the NBD server: Connection refused' --check

# a socket without a server
our_server image.img silent=0
refused 'Connection timed out' --timeout 1 --check
end_server
image_unchanged image.img

# a file can be checked with an unusable libnbd
if type -P cc >/dev/null && [ -z "${INSTRUMENT:-}" ]; then
	mkdir lib
	cc -shared -o lib/libnbd.so.0 -x c - <<<'int nothing;' || fail 'cannot build a library'
	our_server image.img
	LD_LIBRARY_PATH=$tmp/lib refused 'libnbd.so.0 is too old: it has no nbd_create()' --check
	LD_LIBRARY_PATH=$tmp/lib run_e4zero 4 --check image.img
	run_e4zero 4 --check "$uri"
	end_server
fi
image_unchanged image.img

# a host name whose lookup never ends: --timeout applies, and a signal ends it
if type -P cc >/dev/null && [ -z "${INSTRUMENT:-}" ]; then
	cc -shared -fPIC -o lookup.so -x c - <<-'END' || fail 'cannot build a library'
		#include <signal.h>
		#include <stdlib.h>
		#include <sys/time.h>
		#include <unistd.h>
		int getaddrinfo(void) { for (;;) pause(); }
		static void nothing(int number) { (void)number; }
		__attribute__((constructor)) static void begin(void)
		{
			const struct itimerval often = {{0, 1000}, {0, 1000}};

			signal(SIGALRM, nothing);
			if (getenv("TIMER"))
				setitimer(ITIMER_REAL, &often, NULL);
		}
	END
	uri=nbd://host.invalid/
	LD_PRELOAD=$tmp/lookup.so refused 'connecting to the NBD server: Connection timed out' --timeout 1 --check
	# also where the program around it has a timer
	began=$EPOCHREALTIME
	LD_PRELOAD=$tmp/lookup.so TIMER=1 refused 'connecting to the NBD server: Connection timed out' --timeout 2 --check
	took=$((${EPOCHREALTIME/[.,]/} - ${began/[.,]/}))
	[ $took -ge 1900000 ] || fail "a time limit of 2 seconds ended after $took microseconds"
	LD_PRELOAD=$tmp/lookup.so timeout -s KILL 60 "$E4ZERO" --timeout 600 "$uri" 2>err &
	pid=$!
	until child=$(pgrep -P $pid -x e4zero) && [ "$(find "/proc/$child/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" -gt 1 ]; do
		kill -0 $pid 2>/dev/null || fail "it has ended: $(cat err)"
	done
	kill -TERM "$child"
	wait $pid
	same 'exit status after a signal' $? 32
	uri="nbd+unix:///?socket=$tmp/socket"
fi

# an offset as a parameter of the URI is refused; ?offset=N follows the whole URI
our_server image.img
for end in '&offset=1M' '&OFFSET=0'; do
	run_e4zero 16 --check "$uri$end"
	grep -q 'is written after the whole URI' err || fail "$end: $(cat err)"
done
run_e4zero 4 --check "$uri?offset=0"
end_server

run_e4zero 16 --timeout 0 image.img
run_e4zero 16 --timeout x image.img
run_e4zero 4 --timeout 1 image.img

# a scheme may be in capital letters; a file of that name takes precedence
for scheme in nbd NBD nbds nbd+vsock NBDS+Vsock; do
	run_e4zero 8 --timeout 5 $scheme://127.0.0.1:1/image
	grep -qE 'connecting to the NBD server|the NBD server cannot be used' err || fail "$scheme: $(cat err)"
	! grep -q 'unsupported URI scheme' err || fail "$scheme: $(cat err)"
done
our_server image.img
run_e4zero 4 "NBD+Unix${uri#nbd+unix}"
end_server
mkdir -p nbd:/127.0.0.1:1
cp image.img nbd:/127.0.0.1:1/image
run_e4zero 4 nbd://127.0.0.1:1/image
run_e4zero 4 'nbd://127.0.0.1:1/image?offset=0'

# another connection that leads to another export, as after the server was started again, is not used
make_image many.img 64M -b 1024
text eight 8192 x
for d in {1..16}; do
	printf 'mkdir /d%d\n' $d
	for f in {1..50}; do printf 'write eight /d%d/f%d\nsif /d%d/f%d size 5000\n' $d $f $d $f; done
done | debugfs_script many.img
run_e4zero 4 --check --json many.img
mv out wanted
for other in 8192 4194304 134217728; do
	our_server many.img flags=multi other=$other
	run_e4zero 4 --check --json -j 4 "$uri"
	end_server
	[ "$(grep -c '^a client' server.log)" -gt 1 ] || fail "$(cat server.log)"
	same_report wanted out "another export of $other bytes"
done
