#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every header compiles by itself. LINT_FILES restricts the list.
. "$(dirname "$0")/lint.sh"

[ -n "${COMPILE:-}" ] || skip 'COMPILE is not set: run me by make check'
headers=${LINT_FILES:-$(files '^(lib|src|tests)/.*\.h$')}
complaints=$(
	for header in $headers; do
		# twice: the guard is part of what is asked
		printf '#include "%s"\n#include "%s"\n' "$root/$header" "$root/$header" |
		$COMPILE -I"$root/$(dirname "$header")" -Wno-unused-function -fsyntax-only -x c - 2>&1
	done
)
verdict "$(echo "$headers" | wc -w)" headers "$complaints"
