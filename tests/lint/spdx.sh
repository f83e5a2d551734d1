#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every source starts with its licence, and the line after it says what the file is for.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

sources=$(files '(\.(c|h|sh|py|et|am|ac|mk|in|[1-8])|(^|/)(run|quickstart|\.clang-format|\.editorconfig)|^contrib/completion/.*)$')
complaints=$(
	for file in $sources; do
		awk -v file="$file" '
			NR <= 3 && /SPDX-License-Identifier: GPL-2\.0-or-later/ { found = NR }
			found && NR > found && NR <= found + 3 && /[A-Za-z]+ [A-Za-z]/ { purpose = 1 }
			END {
				if (!found) print file ":1: no SPDX line with GPL-2.0-or-later"
				else if (!purpose) print file ":" found ": no sentence of purpose after the SPDX line"
			}' "$file"
	done
)
verdict "$(echo "$sources" | grep -c .)" sources "$complaints"
