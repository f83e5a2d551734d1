#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The other compiler has nothing to complain about either: clang with the warnings of the build, where the build has
# not used it anyway. LINT_FILES restricts the list.
. "$(dirname "$0")/lint.sh"

[ -n "${COMPILE:-}" ] || skip 'COMPILE is not set: run me by make check'
command -v clang >/dev/null || skip 'there is no clang'
sources=${LINT_FILES:-$(files '^(lib|src|tests)/.*\.c$')}
read -ra words <<<"$COMPILE"
[[ ${words[0]##*/} != *clang* ]] || skip 'the build uses clang'

complaints=$(
	# shellcheck disable=SC2086 # one word a file
	printf '%s\n' $sources | due clang "$(clang --version)" "$COMPILE" "$(cat config.h 2>&1)" | sed "s,^,$root/," |
	xargs -r -n 8 clang "${words[@]:1}" -Wno-unknown-warning-option -Wno-unused-command-line-argument \
		-fsyntax-only 2>&1
)
[ -n "$complaints" ] || passed clang
verdict "$(echo "$sources" | wc -w)" 'files of C' "$complaints"
