#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Agreement on damaged images: mutants of images without metadata checksums (mutants.py).
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

bad=0
for kind in nocsum ext2-rev0 ext3-1k orphanlist-ind damaged-nocsum damaged-ind; do
	rc=0
	"$here/../images/mkimg.sh" "$kind" "$tmp/image" || rc=$?
	((rc != 77)) || exit 77
	((rc == 0)) || { bad=1; continue; }
	if python3 "$here/mutants.py" "$E4ZERO" "$tmp/image" "${2-1}" "${1-40}" \
		>"$tmp/said" 2>&1; then
		echo "ok   $kind: $(tail -n 1 "$tmp/said")"
	else
		echo "FAIL $kind"
		sed 's/^/    /' "$tmp/said"
		bad=1
	fi
done
exit "$bad"
