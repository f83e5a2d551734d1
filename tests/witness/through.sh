#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# agree.sh and fix.sh say the same of each kind of image where e4zero has it in another format, or from a server.
#
# usage: through.sh [HOW...]     HOW as in tests/source/through.py, default: all that this e4zero and this host can; E4ZERO and
#                                IMAGES as for agree.sh; SAMPLE=1: five kinds
set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
through=$here/../source/through.py
E4ZERO=${E4ZERO:-./e4zero}
E4ZERO=$(cd "$(dirname "$E4ZERO")" && pwd)/$(basename "$E4ZERO")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/through.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
export IMAGES=${IMAGES:-$tmp/images}

# usable HOW: an image can be looked at so
usable() {
	case $1 in
	qcow2 | compressed) type -P qemu-img && type -P qemu-nbd ;;
	sparse) type -P img2simg ;;
	nbd) type -P nbdkit ;;
	esac >/dev/null && THROUGH=$1 THROUGH_E4ZERO=$E4ZERO "$through" --check "$tmp/empty" >"$tmp/said" 2>&1
}

# said_of SUITE: its lines, a kind each
kinds=()
[ -z "${SAMPLE-}" ] || kinds=(ext4-1k bigalloc deep orphanlist quota)
said_of() {
	bash "$here/$1" "${kinds[@]}" 2>&1 | grep -E '^(ok|FAIL|skip|    )'
}

mke2fs -q -F -t ext4 "$tmp/empty" 8M >/dev/null 2>&1 || { echo 'through.sh: SKIP: no mke2fs' >&2; exit 77; }
[ $# -gt 0 ] || set -- qcow2 compressed sparse nbd
bad=0
for how; do
	if ! usable "$how"; then
		echo "skip $how: $(tail -n 1 "$tmp/said")"
		continue
	fi
	for suite in agree.sh fix.sh; do
		# what is not edited is not fixed
		[ "$how $suite" != 'sparse fix.sh' ] || continue
		[ -e "$tmp/$suite" ] || E4ZERO=$E4ZERO said_of "$suite" >"$tmp/$suite"
		THROUGH=$how THROUGH_E4ZERO=$E4ZERO THROUGH_LOG=$tmp/calls E4ZERO=$through said_of "$suite" >"$tmp/$how.$suite"
		if ! grep -q '^ok ' "$tmp/$suite" || ! cmp -s "$tmp/$suite" "$tmp/$how.$suite" || ! grep -q "^$how " "$tmp/calls"; then
			echo "FAIL $how: $suite says something else"
			diff "$tmp/$suite" "$tmp/$how.$suite" | sed 's/^/    /' | head -40
			bad=1
			continue
		fi
		echo "ok   $how: $suite: $(grep -c '^ok ' "$tmp/$suite") kinds"
	done
done
exit $bad
