#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib/ is a stack: a file includes only what stands above it in lib/LAYERS; src/ sees the public header alone.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

sources=$(files '^(lib|src)/.*\.[ch]$')
[ -f lib/LAYERS ] || verdict 1 'lists' 'lib/LAYERS is missing'

# shellcheck disable=SC2086 # one word a file
complaints=$(awk '
	function stem(name) { sub(/\.[ch]$/, "", name); return name }
	function folder(name) { return sub(/\/[^\/]*$/, "", name) ? name : "" }
	function say(text) { print FILENAME ":" FNR ": " text }

	FILENAME == "lib/LAYERS" {
		sub(/#.*/, ""); sub(/[ \t]+$/, "")
		if ($0 == "") next
		if ($0 in rank) say($0 " is listed twice")
		rank[$0] = FNR
		f = folder($0)
		if (f != "" && f != last && (f in seen)) say($0 ": the folder " f " is listed in two places: keep its files together")
		seen[f] = 1; last = f
		next
	}
	FNR == 1 {
		me = stem(FILENAME); in_lib = sub(/^lib\//, "", me); there[me] = 1
		if (in_lib && !(me in rank)) say("is not listed in lib/LAYERS: put " me " below everything that it includes and calls")
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\""); header = part[2]; who = stem(header)
		if (in_lib) {
			if (!(who in rank)) say("includes " header ", which lib/LAYERS does not list")
			else if (me in rank && rank[who] > rank[me]) say("reaches up to " header ", which lib/LAYERS lists below " me)
		} else if (who in rank && who ~ /\//) say("src/ reaches into lib/ for " header)
		else if (who != "e4zero" && who != "errors" && system("test -f src/" header))
			say("src/ may include e4zero.h and its own headers, not " header)
	}
	/^[ \t]*#[ \t]*include[ \t]*<(ext2fs|blkid)\// && !in_lib { say("src/ leaves ext2fs and blkid to lib/") }
	END {
		for (who in rank)
			if (who != "errors" && !(who in there))
				print "lib/LAYERS:" rank[who] ": " who " does not exist"
	}' lib/LAYERS $sources 2>&1)
verdict "$(echo "$sources" | grep -c .)" 'files of lib/ and src/' "$complaints"
