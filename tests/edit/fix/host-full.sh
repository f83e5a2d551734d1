#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix of a sparse image on a host with no room, or with too little at any point: 8 and not one byte changed, or 12 and
# it recovers; with room it goes on.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires_root
requires python3

mkdir host
mount -t tmpfs -o size=64m none host 2>/dev/null || skip 'no tmpfs can be mounted here'
cleanup_fn umount "$PWD/host"

# room KIB: so much is left
room() {
	local used
	used=$(df --output=used -k host | tail -n 1)
	mount -o remount,size=$((used + $1))k host || fail 'remount'
}

edit_image image
yes 'line of text' | head -c 20480 >twenty
for i in $(seq 40); do
	printf 'write twenty tail%d\nsif tail%d size %d\n' "$i" "$i" $((i * 300))
	# zeroes, which the host does not keep: removing them makes no room
	for block in 1 2 3 4; do [ $block -le $((i * 300 / 4096)) ] || echo "zap_block -f tail$i $block"; done
done >script
debugfs_script image <script
facts() {
	local i
	for i in $(seq 40); do debugfs -R "cat tail$i" "$1" 2>/dev/null; done | sha256sum
}
facts image >before
refused=0 broken=0 kib=0
while :; do
	mount -o remount,size=64m host
	cp --sparse=always image host/work
	room $kib
	"$E4ZERO" --json --fix host/work >out 2>err
	rc=$?
	[ $rc != 0 ] || break
	case $rc in
	8)
		cmp image host/work || fail "$kib KiB: exit 8, but the image was changed"
		refused=$((refused + 1))
		;;
	12) broken=$((broken + 1)) ;;
	*) fail "$kib KiB: exit $rc: $(cat err)" ;;
	esac
	grep -qi 'no space' err || fail "$kib KiB: another reason: $(cat err)"
	mount -o remount,size=64m host
	run_e4zero 0 --replay host/work
	e2fsck -fn host/work >e2fsck.out 2>&1
	facts host/work | cmp - before || fail "$kib KiB: a file is not what it was"
	run_e4zero 0 --fix host/work
	sound host/work
	facts host/work | cmp - before || fail "$kib KiB: a file is not what it was, after the second one"
	kib=$((kib + 4))
done
facts host/work | cmp - before || fail 'a file is not what it was'
sound host/work
[ $refused -gt 0 ] || fail 'nothing was refused: the room is not asked for before the first write'
echo "$refused refused, $broken broken off, done with $kib KiB"
