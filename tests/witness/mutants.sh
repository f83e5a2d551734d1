#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Agreement on damaged images: mutants of images without metadata checksums (mutants.py), and the ledger's of some with them.
#
# usage: mutants.sh [COUNT [FIRST]]     COUNT mutants of each kind (40); E4ZERO as for agree.sh

set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

here=$(cd "$(dirname "$0")" && pwd)
E4ZERO=${E4ZERO:-./e4zero}
[ -x "$E4ZERO" ] || { echo "mutants.sh: SKIP: no binary at $E4ZERO" >&2; exit 77; }
E4ZERO=$(cd "$(dirname "$E4ZERO")" && pwd)/$(basename "$E4ZERO")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mutants.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

bad=0 count=${1-40} first=${2-1}
judge() { # KIND [--all]
	local rc=0
	"$here/../images/mkimg.sh" "$1" "$tmp/image" || rc=$?
	((rc != 77)) || exit 77
	((rc == 0)) || { bad=1; return; }
	if python3 "$here/mutants.py" "$E4ZERO" "$tmp/image" "$first" "$count" "${@:2}" >"$tmp/said" 2>&1; then
		echo "ok   $*: $(tail -n 1 "$tmp/said")"
	else
		echo "FAIL $*"
		sed 's/^/    /' "$tmp/said"
		bad=1
	fi
}

for kind in nocsum ext2-rev0 ext3-1k orphanlist-ind damaged-nocsum damaged-ind; do judge $kind; done
for kind in nocsum ext2-rev0 uninitbg ext4-1k bigalloc-1k inline eainode quota orphanlist orphanfile-ind unlinked hurd; do judge $kind --all; done
exit "$bad"
