#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --holes on tmpfs, which knows holes but zeroes no range in place; and with never on a host that is nearly full: room for
# the zeroes is asked for before the first write.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/holes/common.sh"
requires_root

make_sparse fresh
mkdir host
mount -t tmpfs -o size=64m none host 2>/dev/null || skip 'no tmpfs can be mounted here'
cleanup_fn umount "$PWD/host"
# sparse, or with all its blocks
for kind in always never; do
	for holes in auto never always; do
		cp --sparse=$kind fresh host/image
		run_e4zero 0 --holes $holes --convert written host/image
		case $kind$holes in
		alwaysauto | *always) same "tmpfs, $kind, $holes" "$(data_of host/image /old)" 0 ;;
		*never | neverauto) same "tmpfs, $kind, $holes" "$(data_of host/image /old)" 102400 ;;
		*) fail "no $kind$holes" ;;
		esac
		sound host/image
	done
done
cp --sparse=always fresh host/image
run_e4zero 0 --replay host/image
remember_image host/image
used=$(df --output=used -k host | tail -n 1)
refused=0
for ((room = 0; ; room += 16)); do
	mount -o remount,size=$((used + room))k host || fail remount
	"$E4ZERO" --holes never --convert written host/image >out 2>err
	rc=$?
	[ $rc != 0 ] || break
	[ $rc = 8 ] || fail "$room KiB: exit $rc: $(cat err)"
	image_unchanged host/image
	refused=$((refused + 1))
done
[ $refused -gt 5 ] || fail "only $refused were refused for want of room"
sound host/image
same 'tmpfs: data' "$(data_of host/image /new)" 102400
