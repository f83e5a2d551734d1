#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# e4zero --check and the witness judge the same images and must agree finding by finding.
#
# usage: agree.sh [KIND...]     E4ZERO names the binary (default ./e4zero); default: all kinds; SAMPLE=1: every other one
#        agree.sh --selftest    no binary needed: every way of disagreeing must be noticed
#
# A line for each kind, `ok`, `FAIL` or `skip`; judge.py says how each is judged. IMAGES=DIR takes
# images from there, or leaves them there.

set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

here=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$here")

# one kind: prints its line
one() {
	local kind=$1 image=$2/$1 said rc=0
	if [ ! -e "$image" ]; then
		said=$("$tests/images/mkimg.sh" "$kind" "$image" 2>&1) || rc=$?
		if ((rc)); then
			rm -f "$image"
			((rc == 77)) && echo "skip $kind: $said" ||
				echo "FAIL $kind: no image: $said"
			return
		fi
	fi
	said=$(python3 "$here/judge.py" "$E4ZERO" "$image" 2>&1 &&
		python3 "$here/ledger/compare.py" "$E4ZERO" "$image" 2>&1) || rc=$?
	((rc)) && echo "FAIL $kind" && sed 's/^/    /' <<<"$said" || echo "ok   $kind: ${said/$'\n'/; }"
	[ -n "${IMAGES-}" ] || rm -f "$image"
}

if [ "${1-}" = --one ]; then
	one "$2" "$3"
	exit 0
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/agree.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

# every lie of the stand-in must be noticed, and its honest report must pass
selftest() {
	local lie want rc out bad=0
	"$tests/images/mkimg.sh" orphanlist "$tmp/master"
	mkdir "$tmp/images"
	for lie in none drop extra kind ino path size lblk pblk blocks first last nonzero e2fsck \
		fixable order opaque status garble summary jobs touch skipped class places sum stale_bytes; do
		cp --sparse=always "$tmp/master" "$tmp/images/orphanlist"
		rc=0 want=1
		[ "$lie" != none ] || want=0
		out=$(FAKE_LIE=$lie E4ZERO=$here/fake-e4zero.py IMAGES=$tmp/images \
			"$0" orphanlist 2>&1) || rc=$?
		if [ "$rc" = "$want" ] && [[ $out != *Traceback* ]]; then
			echo "ok   lie: $lie"
		else
			echo "FAIL lie: $lie (status $rc, not $want)"
			sed 's/^/    /' <<<"$out"
			bad=1
		fi
	done
	"$tests/images/mkimg.sh" eainode "$tmp/master"
	python3 "$here/ledger/scrub.py" --selftest "$tmp/master" "$tmp/copy" || bad=1
	exit "$bad"
}

[ "${1-}" != --selftest ] || selftest

E4ZERO=${E4ZERO:-./e4zero}
[ -x "$E4ZERO" ] || { echo "agree.sh: SKIP: no binary at $E4ZERO" >&2; exit 77; }
E4ZERO=$(cd "$(dirname "$E4ZERO")" && pwd)/$(basename "$E4ZERO")
export E4ZERO

if [ $# -eq 0 ]; then
	mapfile -t kinds < <("$tests/images/mkimg.sh" --list | awk "${SAMPLE:+NR % 2 &&} 1")
else
	kinds=("$@")
fi
work=${IMAGES:-$tmp}
mkdir -p "$work" "$tmp/log"
printf '%s\n' "${kinds[@]}" |
	xargs -P "$(nproc)" -I{} sh -c '"$0" --one {} "$1" >"$2/{}" 2>&1' "$0" "$work" "$tmp/log"

for kind in "${kinds[@]}"; do
	cat "$tmp/log/$kind"
done | tee "$tmp/all"
good=$(grep -c '^ok ' "$tmp/all" || :)
skipped=$(grep -c '^skip ' "$tmp/all" || :)
total=$(awk '/^ok / { n += $5 } END { print n + 0 }' "$tmp/all")
echo "$good of ${#kinds[@]} kinds agree ($skipped skipped), $total findings"
((good + skipped == ${#kinds[@]})) || exit 1
((good)) || exit 77
