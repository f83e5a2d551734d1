#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls in lib/ go where includes go: down lib/LAYERS, also to what the public header declares. The files of one
# module (edit, edit_blocks) count as one.
. "$(dirname "$0")/lint.sh"

build=${builddir:-$root/build}
command -v nm >/dev/null || skip 'nm is not installed'
[ -f "$build/libe4zero.a" ] || skip "nothing is built in $build"
cd "$root" || exit 1

# objects that an older build left are not asked
objects=$(files '^lib/.*\.c$' | sed 's/\.c$/.o/' | (cd "$build" && while read -r object; do [ ! -f "$object" ] || echo "$object"; done))
cd "$build" || exit 1
# shellcheck disable=SC2086 # one word a file
complaints=$(nm -A -P $objects | awk -v layers="$root/lib/LAYERS" '
	function module(file) { sub(/_[^\/]*$/, "", file); return file }
	BEGIN {
		while ((getline line < layers) > 0) {
			sub(/#.*/, "", line); gsub(/[ \t]/, "", line)
			if (line != "") rank["lib/" line] = ++rows
		}
	}
	{
		sub(/\.o:$/, "", $1)
		if ($3 ~ /^[TDBRVWC]$/) home[$2] = $1
		else if ($3 == "U") users[$2] = users[$2] " " $1
	}
	END {
		for (name in home) {
			n = split(users[name], user, " ")
			for (i = 1; i <= n; i++)
				if (rank[user[i]] < rank[home[name]] && module(user[i]) != module(home[name]))
					print user[i] ".c: calls up to " name "() in " home[name] ".c"
		}
	}' | sort -u)
verdict "$(echo "$objects" | grep -c .)" 'objects of lib/' "$complaints"
