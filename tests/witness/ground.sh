#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Is the witness itself right, and are the images what they are said to be? Needs no e4zero.
#
# usage: ground.sh [KIND...]
#
# For each kind: ground.py agrees, e2fsck -fn says what mkimg.sh's table says, and the recipe gives
# the same bytes a second time.

set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

here=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$here")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ground.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

# what damaged and shared images must give, by path: one victim a way of damage
victims() {
	case $1 in
	shared) echo /d0/f000{1,2,3} ;;
	multiclaim) echo /d0/f0013 /d0/f0015 /d1/f00{40,45,61} /deep400 /shared/{a,b,c,d} ;;
	multiclaim-bigalloc) echo /two/{a,b,c,d,f} ;;
	metaoverlap) echo /d0/f00{00,01,02,03,05,06,07,09,10,11} ;;
	damaged | damaged-nocsum)
		echo /d0/f00{00,01,02,03,05,06,07} /d0/f00{10,11,12,13,14,15,16,18}
		echo /odd/slow400 /deep30{1,2,3,4}
		[ "$1" = damaged-nocsum ] || echo /d1/f00{40,41,42} /odd/{pipe,slow60} /deep305
		;;
	damaged-ind) echo /d0/f00{00,01,02,03,05,06,07,09} /far{5000,65804,70000,80000,90000} ;;
	inline-odd) echo /inline/i3 ;;
	hurd-claims) echo /d0/f000{0,1,5,6,7,9} ;;
	sickgroup) echo null ;;
	esac | tr ' ' '\n' | sort
}

# e2fsck must want to grow just those inodes that the witness says it would
grown() {
	sed -n 's/^Inode \([0-9]*\), i_size is .*/\1/p' "$tmp/fsck" | sort -u >"$tmp/theirs"
	{ python3 "$tests/witness/witness.py" "$1" || :; } |
		sed -n '/"would-grow"/s/.*"ino": \([0-9]*\).*/\1/p' | sort -u | diff - "$tmp/theirs"
}

check() {
	local kind=$1 how=$3 fsck=$2 image=$tmp/image rc=0
	"$tests/images/mkimg.sh" "$kind" "$image" "$tmp/list" >"$tmp/said" 2>&1 || rc=$?
	if ((rc == 77)); then
		cat "$tmp/said"
		return 77
	fi
	((rc == 0)) || { cat "$tmp/said"; return 1; }
	python3 "$here/ground.py" "$image" "$tmp/list" "$how" >"$tmp/said" 2>&1 ||
		{ cat "$tmp/said"; return 1; }
	{ python3 "$tests/witness/witness.py" "$image" || :; } |
		sed -n '/"unreadable"/s/.*"path": "\?\([^",]*\).*/\1/p' | sort >"$tmp/sick"
	victims "$kind" | diff - "$tmp/sick" ||
		{ echo "unreadable: not the ones that were damaged"; return 1; }
	e2fsck -fn "$image" >"$tmp/fsck" 2>&1 || rc=$?
	[ "$rc" = "$fsck" ] ||
		{ echo "e2fsck -fn: $rc, not $fsck"; tail -n 20 "$tmp/fsck"; return 1; }
	[ "$how" = well ] || grep -q pending-truncate "$tmp/list" ||
		grown "$image" || { echo "e2fsck would grow others"; return 1; }
	case $kind in natural | mmp) return 0 ;; esac
	mv "$image" "$tmp/first"
	"$tests/images/mkimg.sh" "$kind" "$image" >/dev/null 2>&1
	cmp "$image" "$tmp/first" || { echo "the recipe gives other bytes each time"; return 1; }
}

bad=0 good=0
while read -r kind fsck how _; do
	[ $# -eq 0 ] || [[ " $* " = *" $kind "* ]] || continue
	rc=0
	check "$kind" "$fsck" "$how" >"$tmp/out" 2>&1 || rc=$?
	case $rc in
	0) good=$((good + 1)); echo "ok   $kind: $(cat "$tmp/said")" ;;
	77) echo "skip $kind: $(cat "$tmp/out")" ;;
	*) bad=$((bad + 1)); echo "FAIL $kind"; sed 's/^/    /' "$tmp/out" ;;
	esac
done < <("$tests/images/mkimg.sh" --table)
echo "$good kinds are as they should be, $bad are not"
((bad == 0)) || exit 1
((good)) || exit 77
