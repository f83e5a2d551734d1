#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# qemu-nbd dies, hangs or answers with garbage at any request. e4zero prints one sentence and exits in time: with 8 if no
# byte was changed, with 12 otherwise. No process is left. After --replay the file is the old one or the new one.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
export SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000

REAL_QEMU_NBD=$(type -P qemu-nbd)
export REAL_QEMU_NBD
mkdir bin
# the interpreter itself and no wrapper: its process number must be LISTEN_PID
printf '#!%s -S\n' "$(command python3 -c 'import sys; print(sys.executable)')" >bin/qemu-nbd
tail -n +2 "$srcdir/tests/source/qemu-nbd.py" >>bin/qemu-nbd
chmod +x bin/qemu-nbd
standing_in=$PWD/bin:$PATH

edit_image made.img
into vmdk made.img kept.img
head -c 6 ten >short

# the number of requests if nothing fails
cp kept.img image.img
PATH=$standing_in COUNT=$PWD/reads run_e4zero 0 --check image.img
PATH=$standing_in COUNT=$PWD/requests run_e4zero 0 --truncate 6 image.img /file
slurp reads reads
slurp requests requests
[ "$reads" -gt 5 ] && [ "$requests" -gt 10 ] || fail "requests were not counted: $reads, $requests"

# the caller ignores SIGCHLD: the status of each program is known nevertheless
into qcow2 made.img other.img
env --ignore-signal=CHLD "$E4ZERO" --truncate 6 other.img /file >out 2>err || fail "SIGCHLD is ignored: $(cat err)"
consistent other.img

# one STATUSES ARGUMENTS...: e4zero exits in time with one of STATUSES; a failure has one message
one() {
	local statuses=$1 rc
	shift
	PATH=$standing_in timeout 60 "$E4ZERO" "$@" >out 2>err </dev/null
	rc=$?
	drop_loop_note
	[[ " $statuses " == *" $rc "* ]] || fail "$HOW at $DIE_AT: $*: exit $rc: $(cat err)"
	[ "$(grep -c . err)" = $((rc == 8 || rc == 12)) ] || fail "$HOW at $DIE_AT: $*: $(cat err)"
	return "$rc"
}

broad hows 2 exit hang kill garbage
for HOW in "${hows[@]}"; do
	export HOW DIE_AT
	# every request with BROAD, otherwise some of them; few for hang, because each of these waits for the timeout
	steps=8 options=()
	[ -z "${BROAD-}" ] || steps=1000
	[ "$HOW" != hang ] || steps=6 options=(--timeout 1)
	for ((DIE_AT = 1; DIE_AT <= reads; DIE_AT += 1 + reads / steps)); do
		cp kept.img image.img
		one 8 "${options[@]}" --check image.img
		cmp -s kept.img image.img || fail "a check changed the image"
	done
	# the child that writes: the image may be left in the middle of an edit
	export WHEN=write
	broken=0
	for ((DIE_AT = 1; DIE_AT <= requests; DIE_AT += 1 + requests / steps)); do
		cp kept.img image.img
		one '8 12' "${options[@]}" --truncate 6 image.img /file
		rc=$?
		out_of vmdk image.img disk.img
		if [ $rc = 8 ]; then
			cmp -s made.img disk.img || fail "$HOW at $DIE_AT: exit 8, and the disk is another one"
			continue
		fi
		broken=$((broken + 1))
		has_line 'run the command again' err || fail "$HOW at $DIE_AT: no advice: $(cat err)"
		case $HOW in
		exit) has_line 'qemu-nbd ended with status 1;' err ;;
		kill) has_line 'qemu-nbd was ended by signal 9;' err ;;
		hang) has_line 'qemu-nbd does not answer;' err ;;
		esac || fail "$HOW at $DIE_AT: it is not said what failed: $(cat err)"
		run_e4zero 0 --replay disk.img
		sound disk.img
		debugfs -R 'dump /file got' disk.img 2>/dev/null
		cmp -s got short || cmp -s got ten || fail "$HOW at $DIE_AT: /file is neither the old nor the new one"
		DIE_AT=0 run_e4zero 0 --replay image.img
	done
	[ "$broken" -gt 0 ] || fail "$HOW: only $broken edits were interrupted"
	unset WHEN
done

# all requests succeed, but qemu-nbd exits with an error
export DIE_AT=0
cp kept.img image.img
COUNT=$PWD/requests STATUS=1 PATH=$standing_in run_e4zero 12 --truncate 6 image.img /file
has_line 'closing the image: .*; run the command again' err || fail "no word of it: $(cat err)"

# the child that writes cannot start; its message is passed on
mkdir words
cat >words/qemu-nbd <<-'END'
	#!/bin/sh
	case "$*" in
	*--read-only*) exec "$REAL_QEMU_NBD" "$@" ;;
	esac
	echo 'qemu-nbd: there is no room in the rack' >&2
	exit 1
END
chmod +x words/qemu-nbd
cp kept.img image.img
PATH=$PWD/words:$PATH run_e4zero 8 --truncate 6 image.img /file
has_line 'qemu-nbd says: there is no room in the rack$' err || fail "$(cat err)"
cmp kept.img image.img || fail 'the image was changed'
# also where the first thing that an edit does is to write
stale_image made.img
rm -f stale.img
into vmdk made.img stale.img
cp stale.img image.img
PATH=$PWD/words:$PATH run_e4zero 8 --fix --only stale-tail image.img
has_line 'qemu-nbd says: there is no room in the rack$' err || fail "$(cat err)"
cmp stale.img image.img || fail 'the image was changed'

# it never answers; it cannot be started; it is not installed
HOW=silent one 8 --timeout 1 --check kept.img
has_line 'waiting for qemu-nbd: Connection timed out' err || fail "$(cat err)"
printf '#!/no/such/interpreter\n' >bin/qemu-nbd
HOW=missing one 8 --check kept.img
rm bin/qemu-nbd
nowhere=$PWD/nowhere
PATH=$nowhere "$E4ZERO" --check kept.img >out 2>err
[ $? = 8 ] || fail "without qemu-nbd: $(cat err)"
has_line 'qemu-nbd, which is not installed \(Debian: qemu-utils\)' err || fail "$(cat err)"
no_child
