#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cppcheck finds nothing in lib/ and src/. LINT_FILES restricts the list.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

need cppcheck
sources=${LINT_FILES:-$(files '^(lib|src)/.*\.c$')}
due=$(printf '%s\n' $sources | due cppcheck "$(cppcheck --version)")
# shellcheck disable=SC2086 # one word a file
complaints=$([ -z "$due" ] || cppcheck --quiet --std=c11 --enable=warning,portability,performance \
	--inline-suppr --suppress=missingIncludeSystem --suppress=missingInclude \
	--suppress=unmatchedSuppression --template='{file}:{line}: {id}: {message}' \
	-D__linux__ -D__x86_64__ -Ilib $due 2>&1 || echo "cppcheck leaves with $?")
[ -n "$complaints" ] || passed cppcheck
verdict "$(echo "$sources" | wc -w)" 'files of C' "$complaints"
