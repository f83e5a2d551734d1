#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `e4zero --fix` on every kind of image, and with --all; fix.py and ledger/scrub.py say how each is judged, and the kernel mounts what was fixed.
#
# usage: fix.sh [KIND...]     E4ZERO names the binary (default ./e4zero); default: all kinds
#
# A line for each kind, `ok`, `FAIL` or `skip`. IMAGES=DIR takes images from there. SAMPLE=1: one kind of each sort.

set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

here=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$here")
. "$tests/mounts.sh"

# What the kernel reads of IMAGE must be what the witness reads; no word when it mounts neither this nor the ORIGINAL.
mounted() {
	local image=$1 original=$2 dir=$3 rc=0
	mkdir "$dir"
	if ! mount -o loop,ro "$image" "$dir" 2>"$dir.why"; then
		rmdir "$dir"
		mkdir "$dir"
		mount -o loop,ro,noload "$original" "$dir" 2>/dev/null || return 0
		umount "$dir"
		echo "the kernel does not mount it: $(cat "$dir.why")"
		return 1
	fi
	python3 "$here/mounted.py" "$image" "$dir" || rc=1
	umount "$dir"
	echo ', mounted'
	return $rc
}

# one kind: prints its line
one() {
	local kind=$1 image=$2/$1 work=$3/$1 said rc=0
	mkdir "$work"
	if [ ! -e "$image" ]; then
		image=$work/image
		said=$("$tests/images/mkimg.sh" "$kind" "$image" 2>&1) || rc=$?
		if ((rc)); then
			rm -rf "$work"
			((rc == 77)) && echo "skip $kind: $said" || echo "FAIL $kind: no image: $said"
			return
		fi
	fi
	said=$(python3 "$here/fix.py" "$E4ZERO" "$image" "$work" 2>&1) || rc=$?
	said+="; --all "$(python3 "$here/ledger/scrub.py" "$E4ZERO" "$image" "$work/all" 2>&1) || rc=$?
	if [ -n "${MOUNT-}" ] && [ -e "$work/paranoid" ]; then
		said+=$(mounted "$work/all" "$image" "$work/mnt" 2>&1) || rc=$?
	fi
	((rc)) && echo "FAIL $kind" && sed 's/^/    /' <<<"$said" || echo "ok   $kind: $said"
	rm -rf --one-file-system "$work"
}

if [ "${1-}" = --one ]; then
	one "$2" "$3" "$4"
	exit 0
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/fix.XXXXXX")
cleanup() {
	for dir in "$tmp"/fixing/*/mnt; do
		! mountpoint -q "$dir" 2>/dev/null || umount "$dir"
	done
	rm -rf --one-file-system "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

E4ZERO=${E4ZERO:-./e4zero}
[ -x "$E4ZERO" ] || { echo "fix.sh: SKIP: no binary at $E4ZERO" >&2; exit 77; }
E4ZERO=$(cd "$(dirname "$E4ZERO")" && pwd)/$(basename "$E4ZERO")
export E4ZERO

kinds=("$@")
if [ $# -eq 0 ]; then
	mapfile -t kinds < <("$tests/images/mkimg.sh" --list)
	[ -z "${SAMPLE-}" ] || kinds=(ext3-1k ext4-4k bigalloc-1k inline-odd quota deep verity eainode
		posteof posteof-ind encrypt orphanfile shared multiclaim damaged)
fi
mkdir "$tmp/fixing" "$tmp/log"
MOUNT=
truncate -s 1M "$tmp/probe"
if [ "$(id -u)" = 0 ] && mke2fs -q -F "$tmp/probe" 2>/dev/null && mkdir "$tmp/mnt" &&
	mount -o loop "$tmp/probe" "$tmp/mnt" 2>/dev/null; then
	umount "$tmp/mnt"
	MOUNT=yes
fi
export MOUNT
printf '%s\n' "${kinds[@]}" |
	xargs -P "$(nproc)" -I{} sh -c '"$0" --one {} "$1" "$2" >"$3/{}" 2>&1' \
		"$0" "${IMAGES:-$tmp}" "$tmp/fixing" "$tmp/log"

for kind in "${kinds[@]}"; do
	cat "$tmp/log/$kind"
done | tee "$tmp/all"
good=$(grep -c '^ok ' "$tmp/all" || :)
skipped=$(grep -c '^skip ' "$tmp/all" || :)
total=$(grep '^ok ' "$tmp/all" | grep -o '[0-9]* fixed' | awk '{ n += $1 } END { print n + 0 }')
mounts=$(grep -c ', mounted$' "$tmp/all" || :)
[ -n "$MOUNT" ] || echo 'fix.sh: no image was mounted: that needs root and a loop device'
echo "$good of ${#kinds[@]} kinds are fixed ($skipped skipped), $total findings, $mounts mounted"
((good + skipped == ${#kinds[@]})) || exit 1
((good)) || exit 77
