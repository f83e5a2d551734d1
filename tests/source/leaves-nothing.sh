#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# qemu-nbd ends with e4zero, however e4zero ends. No socket is left, its socket has no name to which others could connect,
# and qemu-nbd inherits no descriptors of e4zero's.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"

edit_image raw.img
mkfifo data report

# begin: start an edit that waits for its data, and wait for its child
begin() {
	"$E4ZERO" "$@" --write -o 0 image.img /file <data >out 2>err 9</etc/passwd &
	pid=$!
	exec 7>data
	child=
	for ((i = 0; i < 500; i++)); do
		child=$(pgrep -P "$(pgrep -d, -P $pid)" -x qemu-nbd 2>/dev/null) && break
		sleep 0.02
	done
}

into vmdk raw.img image.img
for signal in KILL TERM INT; do
	begin
	[ -n "$child" ] || fail "no child: $(cat err)"
	# it inherits 0 to 2 and the socket, and opens the image
	for fd in /proc/"$child"/fd/*; do
		to=$(readlink "$fd")
		[[ $to != *passwd && $to != *fifo* && $to != "$tmp/data" && $to != "$tmp/out" && $to != "$tmp/err" ]] ||
			fail "qemu-nbd has inherited $to"
	done
	[ "$(ps -o pgid= -p "$child" | tr -d ' ')" = "$child" ] || fail 'it is in our process group'
	! find "$tmp" -type s | grep . || fail 'a socket has a name'
	kill -$signal $pid
	exec 7>&-
	wait $pid 2>/dev/null
	no_child
	out_of vmdk image.img got.img
	cmp raw.img got.img || fail "$signal: the disk is another one"
done

# killed in the middle of a check, when nobody reads its report
rm -f image.img
many_tails raw.img 2000
into vmdk raw.img image.img
"$E4ZERO" --check image.img >report 2>err &
pid=$!
exec 8<report
read -r _ <&8
kill -KILL $pid
exec 8<&-
wait $pid 2>/dev/null
no_child

# killed while a child that ignores SIGTERM starts: the first child reads, the second one writes
mkdir bin
REAL_QEMU_NBD=$(type -P qemu-nbd)
export REAL_QEMU_NBD
cat >bin/qemu-nbd <<-END
	#!/bin/sh
	[ "\$WHO" = reader ] || case "\$*" in
	*--read-only*) exec "\$REAL_QEMU_NBD" "\$@" ;;
	esac
	trap '' TERM
	echo \$\$ >"$tmp/starts"
	exec sleep 600
END
chmod +x bin/qemu-nbd
# starting WHO SIGNAL ARGUMENTS...
starting() {
	local signal=$2 rc
	export WHO=$1
	rm -f starts
	shift 2
	PATH=$tmp/bin:$PATH "$E4ZERO" "$@" image.img >out 2>err &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		[ ! -s starts ] || break
		sleep 0.02
	done
	[ -s starts ] || fail "no child: $(cat err)"
	child=$(cat starts)
	kill -$signal $pid
	wait $pid 2>/dev/null
	rc=$?
	[ "$signal" = KILL ] || [ $rc = 32 ] || fail "$WHO: exit $rc after SIG$signal: $(cat err)"
	for ((i = 0; i < 200; i++)); do
		[[ $(ps -o stat= -p "$child") == [!Z]* ]] || break
		sleep 0.05
	done
	[ $i -lt 200 ] || {
		kill -KILL "$child"
		fail "what starts as a $WHO when e4zero gets SIG$signal stays"
	}
	no_child
}
remember_image image.img
for signal in KILL TERM; do
	starting reader $signal --timeout 600 --check
	starting writer $signal --timeout 600 --fix
done
image_unchanged image.img

# killed in the middle of an edit, after qemu-nbd has handled some requests
mkdir proxy
printf '#!%s -S\n' "$(command python3 -c 'import sys; print(sys.executable)')" >proxy/qemu-nbd
tail -n +2 "$srcdir/tests/source/qemu-nbd.py" >>proxy/qemu-nbd
chmod +x proxy/qemu-nbd
for format in qcow2 vmdk; do
	rm -f edited.img count
	into $format raw.img edited.img
	PATH=$tmp/proxy:$PATH WHEN=write HOW=hang DIE_AT=8 COUNT=$tmp/count "$E4ZERO" --fix edited.img >out 2>err &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		[ "$(cat count 2>/dev/null)" != 8 ] || break
		sleep 0.02
	done
	[ "$(cat count)" = 8 ] || fail "$format: the edit has not come so far: $(cat err)"
	kill -KILL $pid
	wait $pid 2>/dev/null
	no_child
	run_e4zero 0 --fix edited.img
	consistent edited.img
	out_of $format edited.img got.img
	sound got.img
done

# a TMPDIR that does not exist, or is too long for the name of a socket, does not matter
TMPDIR=/nowhere run_e4zero 4 -q image.img
long=$tmp/$(printf 'x%.0s' {1..120})
mkdir "$long"
TMPDIR=$long run_e4zero 4 -q image.img
# signals that the caller ignores do not matter
(trap '' INT TERM HUP PIPE; run_e4zero 4 -q image.img)
no_child
