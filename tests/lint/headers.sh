#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every header compiles on its own, and twice. The build has shown the first of those that their own source includes
# before all others; the rest are compiled here. LINT_FILES restricts the list.
. "$(dirname "$0")/lint.sh"

[ -n "${COMPILE:-}" ] || skip 'COMPILE is not set: run me by make check'
headers=${LINT_FILES:-$(files '^(lib|src|tests)/.*\.h$')}

# the first include of its source is the header, and all in the header is behind a guard
is_built_alone() {
	local source=${1%.h}.c first
	[ -f "$root/$source" ] || return
	first=$(grep -m 1 '^#include' "$root/$source")
	case $1:$first in
	src/*:"#include \"${1#src/}\"" | lib/*:"#include \"${1#lib/}\"" | *:"#include \"${1##*/}\"") ;;
	*) return 1 ;;
	esac
	awk '/^#/ { n++; word[n] = $1 " " $2; last = $1 }
		END { exit !(word[1] ~ /^#ifndef/ && word[2] == "#define " substr(word[1], 9) && last == "#endif") }' \
		"$root/$1"
}

complaints=$(
	# shellcheck disable=SC2086 # one word a file
	for header in $(printf '%s\n' $headers | due headers "$COMPILE" "$(cat config.h 2>&1)"); do
		! is_built_alone "$header" || continue
		# twice: the guard is part of what is asked
		printf '#include "%s"\n#include "%s"\n' "$root/$header" "$root/$header" |
		$COMPILE -I"$root/$(dirname "$header")" -Wno-unused-function -fsyntax-only -x c - 2>&1
	done
)
[ -n "$complaints" ] || passed headers
verdict "$(echo "$headers" | wc -w)" headers "$complaints"
