#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Remote images, as in doc/images.md: through a server with a latency of milliseconds, and one that reopens its source when
# the connection is lost. The reports are those of the file, and there are fewer round trips than blocks.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires nbdkit
run_e4zero 8 --check 'nbd+unix:///?socket=/nowhere'
! grep -q 'built without libnbd' err || skip 'built without libnbd'

# serve NBDKIT-ARGUMENTS...: $uri is the export, until the test ends or calls this again
server=
serve() {
	[ -z "$server" ] || { forget_cleanup kill "$server"; kill "$server"; wait "$server" 2>/dev/null; rm -f pid socket; }
	nbdkit -f -P pid -U "$PWD/socket" -r "$@" 2>nbdkit.log &
	server=$!
	cleanup_fn kill "$server"
	until [ -s pid ]; do kill -0 "$server" 2>/dev/null || fail "nbdkit $*: $(cat nbdkit.log)"; done
	uri="nbd+unix:///?socket=$PWD/socket"
}

# looks OPTIONS...: the reports of the export and of the file are equal
looks() {
	"$E4ZERO" "$@" image >file.out 2>file.err
	echo $? >>file.out
	"$E4ZERO" "$@" "$uri" >far.out 2>far.err
	echo $? >>far.out
	sed -i "s#$uri#image#g; s/\"seconds\":[0-9.]*//; s/\"bytes_read\":[0-9]*//; s/\"notes\":\[[^]]*\]//" far.out file.out
	cmp -s file.out far.out || fail "$*: $(diff file.out far.out; cat far.err)"
}

many_tails image 2000
run_e4zero 4 --check image

serve --filter=delay file image delay-read=5ms
looks --check
SECONDS=0
looks --check --json -j 4
looks --check --all --json
# 2,000 tails and some hundred blocks of metadata, read one after the other, would take 10 s and more in each of the two
((SECONDS < 20)) || fail "$SECONDS s"

# The source is lost again and again. The server reopens it, which takes time but changes no report.
cat >flaky <<-'END'
	case $1 in
	open) echo handle ;;
	get_size) stat -L -c %s image ;;
	pread)
		n=$(cat count)
		echo $((n + 1)) >count
		[ $((n % 7)) != 3 ] && [ ! -e gone ] || { echo EIO lost >&2; exit 1; }
		dd if=image iflag=skip_bytes,count_bytes skip=$4 count=$3 bs=1M status=none ;;
	*) exit 2 ;;
	esac
END
chmod +x flaky
stale_image small
mv image large
mv small image
echo 0 >count
serve --filter=retry --filter=noparallel sh ./flaky retries=3 retry-delay=1 serialize=requests
looks --check
[ "$(cat count)" -gt 4 ] || fail 'nothing was lost'

# a source that stays lost is an error
: >gone
serve --filter=noparallel sh ./flaky serialize=requests
run_e4zero 8 --check "$uri"
[ "$(wc -l <err)" = 1 ] || fail "$(cat err)"

# a web server: nbdkit's curl plugin
web() { # ARGUMENTS OF web.py
	rm -f address
	# "command" bypasses the function of lib.sh: kill would end its subshell, and leave the server
	command python3 -S "$srcdir/tests/remote/web.py" address . "$@" &
	cleanup_fn kill $!
	until [ -s address ]; do kill -0 $! 2>/dev/null || fail 'no web server'; done
}
if type -P curl >/dev/null && [ -e "$(nbdkit --dump-config | sed -n 's/^plugindir=//p')/nbdkit-curl-plugin.so" ]; then
	web
	serve --filter=cache --filter=readahead --filter=retry curl "$(cat address)/image"
	looks --check
	looks --check --all --json
	# https: a server with an unknown certificate is not used
	if openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate -subj /CN=127.0.0.1 \
		-addext subjectAltName=IP:127.0.0.1 >openssl.out 2>&1; then
		cat key >>certificate
		web certificate
		serve curl "$(cat address)/image"
		run_e4zero 8 --check "$uri"
		serve --filter=cache --filter=readahead --filter=retry curl "$(cat address)/image" cainfo=certificate
		looks --check
	fi
fi
# an edit of a read-only export is refused before anything is written
run_e4zero 8 --fix "$uri"
[ "$(wc -l <err)" = 1 ] || fail "$(cat err)"
