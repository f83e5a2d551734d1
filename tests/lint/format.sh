#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# C is laid out as .clang-format says. Releases of clang-format disagree, so only 14 judges. LINT_FILES restricts the list.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

tool=$(command -v clang-format-14 || command -v clang-format) || skip 'clang-format is not installed'
$tool --version | grep -q 'version 14\.' || skip "clang-format 14 is needed, not: $($tool --version)"
sources=${LINT_FILES:-$(files '\.[ch]$')}
# shellcheck disable=SC2086 # one word a file
complaints=$(printf '%s\n' $sources | due format "$($tool --version)" "$(cat .clang-format)" |
	xargs -r $tool --style=file --dry-run -Werror 2>&1)
if [ -n "$complaints" ]; then
	complaints+=$'\n'"run: ${tool##*/} -i FILE"
else
	passed format
fi
verdict "$(echo "$sources" | wc -w)" 'files of C' "$complaints"
