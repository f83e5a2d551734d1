#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In lib/ and src/ no function above 45 lines, nine of ten with 24 at most, no .c file above 400. Elsewhere no function
# above 120, no file above 600; the public header, which is the reference of the library, may have 1200, and Makefile.am,
# which lists every source and test, 800. No line of C above 100 columns, no folder above 20 sources.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

sources=$(files '(\.(c|h|sh|py|am|ac|mk)|(^|/)(run|quickstart))$')

# a function is what stands between a brace in column 1 and the closing one
# shellcheck disable=SC2016 # a program for awk
measure='
	function columns(line, part, last, n, i) {
		last = split(line, part, "\t")
		for (i = 1; i < last; i++) {
			n += length(part[i])
			n += 8 - n % 8
		}
		return n + length(part[last])
	}
	function finish() {
		limit = file == "lib/e4zero.h" ? 1200 : file == "Makefile.am" ? 800 : is_ours && file ~ /\.c$/ ? 400 : 600
		if (lines > limit)
			print file ":" limit ": " lines " lines, " limit " are allowed: move functions into a file of their own"
	}
	FNR == 1 { finish(); file = FILENAME; is_c = file ~ /\.[ch]$/; is_ours = file ~ /^(lib|src)\//; start = 0 }
	{ lines = FNR }
	!is_c { next }
	length($0) * 8 > max_columns && columns($0) > max_columns {
		print file ":" FNR ": " columns($0) " columns, " max_columns " are allowed"
	}
	/^\{/ { start = FNR }
	/^\}/ && start {
		limit = is_ours ? 45 : 120
		if (FNR - start - 1 > limit)
			print file ":" start ": function of " FNR - start - 1 " lines, " limit " are allowed"
		if (is_ours) {
			functions++
			long_ones += FNR - start - 1 > 24
		}
		start = 0
	}
	END {
		finish()
		if (long_ones * 10 > functions)
			print "lib/, src/: " long_ones " of " functions " functions have more than 24 lines, a tenth is allowed"
	}'
# shellcheck disable=SC2016 # a program for awk
crowds='
	/^(lib|src|tests)\// { sub(/\/[^\/]*$/, ""); count[$0]++ }
	END { for (folder in count) if (count[folder] > max) print folder ": " count[folder] " sources, " max " are allowed: use another folder (HACKING.md, A file)" }'
complaints=$(
	printf '%s\n' "$sources" |
		xargs -r -d '\n' awk -v max_columns=100 "$measure"
	printf '%s\n' "$sources" | awk -v max=20 "$crowds"
)
verdict "$(echo "$sources" | grep -c .)" files "$complaints"
