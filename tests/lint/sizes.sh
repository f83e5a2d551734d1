#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No file above 600 lines, no C function above 120, no line of C above 100 columns.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

max_file=600 max_function=120 max_columns=100
sources=$(files '(\.(c|h|sh|py|am|ac|mk)|(^|/)(run|quickstart))$')

complaints=$(
	for file in $sources; do
		lines=$(wc -l <"$file")
		[ "$lines" -le $max_file ] || echo "$file:$max_file: $lines lines, $max_file are allowed"
		case $file in *.[ch]) ;; *) continue ;; esac
		# a function is what stands between a brace in column 1 and the closing one
		expand -t 8 "$file" | awk -v file="$file" -v max=$max_function -v columns=$max_columns '
			length($0) > columns { print file ":" NR ": " length($0) " columns, " columns " are allowed" }
			/^\{/ { start = NR }
			/^\}/ && start {
				if (NR - start - 1 > max)
					print file ":" start ": function of " NR - start - 1 " lines, " max " are allowed"
				start = 0
			}'
	done
)
verdict "$(echo "$sources" | grep -c .)" files "$complaints"
