#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A loop device that its user may not look into: a check says nothing of it, an edit that it may be this image.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires_loop
requires mke2fs
requires setpriv
chmod 0755 "$tmp"
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
cp "$E4ZERO" ./program && chmod 0755 program || fail 'cannot copy the program'
mkdir -m 0700 private
mkdir -m 0777 public
make_ext private/theirs 16M
make_ext public/image 24M
chown 65534 public/image
attach_loop device private/theirs
"${nobody[@]}" test -w public/image || skip 'another user cannot reach the temporary directory'
! "${nobody[@]}" test -r "$device" || skip 'everybody may read loop devices here'

# as_nobody STATUS ARGUMENTS...
as_nobody() {
	local want=$1 rc
	shift
	"${nobody[@]}" ./program "$@" >out 2>err </dev/null
	rc=$?
	[ $rc = "$want" ] || fail "$*: exit $rc, wanted $want: $(cat err)"
}

for image in public/image "$(pwd)/public/image"; do
	as_nobody 0 --check "$image"
	[ ! -s err ] || fail "a check has a note: $(cat err)"
done
as_nobody 0 --json --check public/image
grep -q '"notes":\[\]' out || fail "a check has a note: $(head -1 out)"
as_nobody 0 --json --fix public/image
grep -qE "backing file of (/dev/loop[0-9]+ and of [0-9]+ more|$device)" out || fail "an edit has no note: $(head -1 out)"
as_nobody 0 --fix public/image
grep -qE "note: cannot determine the backing file of (/dev/loop[0-9]+ and of [0-9]+ more|$device); it may be this image" err ||
	fail "an edit has no note: $(cat err)"

# it is said once, though an external journal is asked for as well
if command -v python3 >/dev/null; then
	uuid=$(python3 -c 'import uuid; print(uuid.uuid4())')
	truncate -s 8M public/journal
	mke2fs -q -F -O journal_dev -b 4096 -U "$uuid" public/journal >mke2fs.out 2>&1 || fail "$(cat mke2fs.out)"
	attach_loop journal public/journal
	make_ext public/outside 16M -b 4096 -J device="$journal"
	detach_loop "$journal"
	chown 65534 public/journal public/outside
	as_nobody 0 --fix public/outside
	[ "$(grep -c 'backing file' err)" = 1 ] || fail "not said once: $(cat err)"

	# a check that reads the journal says what may not be in it yet, as of an image
	debugfs -w -R 'feature needs_recovery' public/outside >/dev/null 2>&1
	attach_loop journal public/journal
	run_e4zero 0 --check --journal-device public/journal public/outside
	grep -q "note: the external journal is attached to $journal, whose writes may not be in it yet" err ||
		fail "no note of the journal: $(cat err)"
	refuses "the external journal is attached to $journal" --fix --journal-device public/journal public/outside
	detach_loop "$journal"
fi

# what can be looked at through its path is known: no note, and no edit where it is the image
chmod 0755 private
as_nobody 0 --fix public/image
! grep -q "of $device" err || fail "a note of a device that is known: $(cat err)"
chown 65534 private/theirs
as_nobody 8 --fix private/theirs
grep -q "attached to $device" err || fail "not seen through sysfs: $(cat err)"
