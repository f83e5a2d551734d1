#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls in lib/ go where includes go: down lib/LAYERS, also to what the public header declares. The files of one
# module (edit, edit_blocks) count as one. Each function of lib/ is called in lib/, or e4zero.h declares it; that a test
# calls it is not enough.
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
					print user[i] ".c: calls up to " name "() in " home[name] ".c, which lib/LAYERS lists below it"
		}
	}' | sort -u)

# Functions that no other object refers to, and inline ones: a call is a line of code that names them, not at its start.
# shellcheck disable=SC2016 # a program for awk
named='
	FNR == 1 { comment = 0 }
	{
		if (comment && sub(/^.*\*\//, "")) comment = 0
		gsub(/\/\*([^*]|\*[^\/])*\*\//, ""); sub(/\/\/.*/, "")
		if (comment) next
		if (sub(/\/\*.*/, "")) comment = 1
	}
	FILENAME ~ /\.h$/ && /^static inline/ { inline = 1 }
	inline && match($0, /[a-z_0-9]+\(/) {
		print "defined", substr($0, RSTART, RLENGTH - 1), FILENAME
		inline = 0
	}
	/^[ \t]/ || /^#define/ {
		while (match($0, /[A-Za-z_][A-Za-z_0-9]*/)) {
			print "named", substr($0, RSTART, RLENGTH), FILENAME
			$0 = substr($0, RSTART + RLENGTH)
		}
	}'
# shellcheck disable=SC2086 # one word a file
lonely=$({
	nm -P $objects | awk '$2 == "U" { print "named", $1 }'
	grep -oE '\be4z_[a-z_0-9]+\(' "$root/lib/e4zero.h" | sed 's/(//; s/^/named /'
	nm -A -P $objects | awk '$3 == "T" { sub(/\.o:$/, ".c", $1); print "defined", $2, $1 }'
	cd "$root" && files '^lib/.*\.[ch]$' | grep -vFx lib/e4zero.h | xargs -r -d '\n' awk "$named"
} | awk '
	$1 == "named" { is_named[$2, $3] = in_some_file[$2] = 1 }
	$1 == "defined" { home[$2] = $3 }
	END {
		for (name in home)
			if (!is_named[name, ""] && !is_named[name, home[name]] && !(home[name] ~ /\.h$/ && in_some_file[name]))
				print home[name] ": nothing calls " name "(), and e4zero.h does not declare it"
	}' | sort)
complaints=$(printf '%s\n%s\n' "$complaints" "$lonely" | grep .)
verdict "$(echo "$objects" | grep -c .)" 'objects of lib/' "$complaints"
