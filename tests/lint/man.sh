#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mandoc has nothing to say against the manual pages, and their examples can be pasted: groff prints a bare "-" or "'" as
# another character.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

need mandoc
pages=$(files '^man/.*\.[1-8]$')
# shellcheck disable=SC2086 # one word a file
complaints=$([ -z "$pages" ] || mandoc -Tlint -W warning $pages 2>&1)
bare=$([ -z "$pages" ] || awk '
	/^\.E[XE]/ { example = /^\.EX/; next }
	example { text = $0; gsub(/\\[-&e]|\\\(aq|\\f./, "", text) }
	example && text ~ /[-\047]/ { print FILENAME ":" FNR ": write \\- and \\(aq in an example" }' $pages)
complaints=$complaints$bare
verdict "$(echo "$pages" | grep -c .)" 'manual pages' "$complaints"
