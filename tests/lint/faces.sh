#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --help names, the manual page explains and the completion offers, and nothing else; error codes have names and
# their entry, with their text, in e4zero-errors(7); every field of the JSON report is in e4zero-json(5); libe4zero(3)
# mentions every public function.
. "$(dirname "$0")/lint.sh"

program=${E4ZERO:-./e4zero}
[ -x "$program" ] || skip "$program is not built"
help=$("$program" --help) || verdict 1 options "$program --help fails"
long() { grep -oE -e '(^|[^A-Za-z0-9-])--[a-z][a-z0-9-]*' | grep -oE -e '--[a-z0-9-]+' | sort -u; }
options=$(printf '%s\n' "$help" | long)
page=$(sed 's/\\-/-/g' "$root/man/e4zero.8" 2>/dev/null | long)
completion=$(grep -v '^[[:space:]]*#' "$root/contrib/completion/e4zero" 2>/dev/null | long)
missing() { comm -23 <(printf '%s\n' "$1") <(printf '%s\n' "$2") | sed "s|\$|: $3|"; }
complaints=$(
	missing "$options" "$page" 'not in man/e4zero.8'
	missing "$options" "$completion" 'not in contrib/completion/e4zero'
	missing "$completion" "$options" 'offered by the completion, unknown to --help'
)
codes=$(sed -n 's/^ec[[:space:]]*\(E4Z_ET_[A-Z0-9_]*\),.*/\1/p' "$root/lib/errors.et" | sort)
named=$(grep -oE 'NAMED\(E4Z_ET_[A-Z0-9_]+' "$root/lib/base/error_name.c" | sed 's/.*(//' | sort)
documented=$(grep -oE '^\.BR E4Z_ET_[A-Z0-9_]+' "$root/man/e4zero-errors.7" | sed 's/.* //' | sort)
texts() { sed -n 's/^ec[[:space:]]*\(E4Z_ET_[A-Z0-9_]*\),[[:space:]]*"\(.*\)"$/\1 \2./p' "$root/lib/errors.et" | sort; }
page=$(sed -n '/^\.BR E4Z_ET_/{ s/^\.BR \(E4Z_ET_[A-Z0-9_]*\).*/\1/; N; s/\n/ /p; }' "$root/man/e4zero-errors.7" | sort)
complaints=$complaints$(
	missing "$codes" "$named" 'not in lib/base/error_name.c'
	missing "$codes" "$documented" 'not in man/e4zero-errors.7'
	missing "$documented" "$codes" 'in man/e4zero-errors.7, not in lib/errors.et'
	missing "$(texts)" "$page" 'has another text in man/e4zero-errors.7'
)
report=$(find "$root/src" -name report_json.c -o -name json_line.c)
fields=$(grep -hoE 'add_[a-z0-9]+\((&?(line|row)), "[a-z0-9_]+"' $report | sed 's/.*"\(.*\)"/\1/' | sort -u)
page=$(grep -E '^\.BR .*" \((string|number|boolean|array)' "$root/man/e4zero-json.5" | sed 's/" (.*//; s/^\.BR //' |
	tr -s '", ' '\n' | grep . | sort -u)
page=$(printf '%s\n' "$page" path_hex type | sort -u)
fields=$(printf '%s\n' "$fields" ino path type | sort -u)
complaints=$complaints$(
	missing "$fields" "$page" 'a field of JSON that is not in man/e4zero-json.5'
	missing "$page" "$fields" 'in man/e4zero-json.5, but not a field of JSON'
)
functions=$(grep -oE 'e4z_[a-z_]+\(' "$root/lib/e4zero.h" | tr -d '(' | sort -u)
page=$(grep -oE 'e4z_[a-z_]+ ?\(' "$root/man/libe4zero.3" 2>/dev/null | tr -d ' (' | sort -u)
complaints=$complaints$(
	missing "$functions" "$page" 'not in man/libe4zero.3'
	missing "$page" "$functions" 'in man/libe4zero.3, not in lib/e4zero.h'
)
verdict "$(printf '%s\n' "$options" | grep -c .)" 'long options' "$complaints"
