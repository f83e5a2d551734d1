#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The library has other users than the program: no sentence of it names an option or a command line of e4zero.
# Quoted text is a command of another program; in lib/source/ and lib/origin/ a whole string is an argument of a child.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

sources=$(files '^lib/.*\.(c|h|et)$')
# shellcheck disable=SC2086 # one word a file
complaints=$(awk '
	FNR == 1 { text = "" }
	{ line = $0; if (line ~ /^[[:space:]]*(\/\/|\/?\*)/) next }
	{
		# of the line only what is inside of string literals, without \"commands\"
		gsub(/\\"[^"\\]*\\"/, "", line)
		while (match(line, /"[^"]*"/)) {
			text = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
			if (FILENAME ~ /^lib\/(source|origin)\// && text ~ /^"--[a-z][^ ]*"$/) continue
			if (text ~ /(^|[^-a-z])--[a-z]/ || text ~ /e4zero -/) print FILENAME ":" FNR ": " text
		}
	}' $sources)
verdict "$(echo "$sources" | wc -w)" 'files of the library' "$complaints"
