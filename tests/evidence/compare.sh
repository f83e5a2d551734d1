#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# compare.sh [OPTION...]: runs compare.py with the program E4ZERO and a preload library that it builds.
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/compare.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
for tool in python3 debugfs e2fsck mke2fs; do
	type -P "$tool" >/dev/null || { echo "compare: SKIP: no $tool" >&2; exit 77; }
done
${CC:-cc} -w -O1 -U_FORTIFY_SOURCE -fPIC -shared -o "$dir/faulty.so" "$here/../edit/faults/faulty.c" -ldl || exit 1
TMPDIR=$dir python3 "$here/compare.py" --e4zero "${E4ZERO:-$PWD/e4zero}" --preload "$dir/faulty.so" "$@"
