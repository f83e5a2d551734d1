#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every source starts with its licence, and the line after it says what the file is for.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

sources=$(files '(\.(c|h|sh|py|et|am|ac|mk|in|[1-8])|(^|/)(run|quickstart|\.clang-format|\.editorconfig)|^(contrib/completion|debian/tests)/.*|^contrib/.*\.(spec|nix)|^debian/rules)$')

# shellcheck disable=SC2016 # a program for awk
heads='
	function finish() {
		if (file == "")
			return
		if (!found)
			print file ":1: no SPDX line with GPL-2.0-or-later"
		else if (!purpose)
			print file ":" found ": no sentence of purpose after the SPDX line"
	}
	FNR == 1 { finish(); file = FILENAME; found = purpose = 0 }
	FNR <= 3 && /SPDX-License-Identifier: GPL-2\.0-or-later/ { found = FNR }
	found && FNR > found && FNR <= found + 3 && /[A-Za-z]+ [A-Za-z]/ { purpose = 1 }
	END { finish() }'
complaints=$(printf '%s\n' "$sources" | xargs -r -d '\n' awk "$heads"
	# awk sees no line of an empty file
	printf '%s\n' "$sources" | while read -r file; do
		[ -s "$file" ] || echo "$file:1: no SPDX line with GPL-2.0-or-later"
	done)
verdict "$(echo "$sources" | grep -c .)" sources "$complaints"
