#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --help names, the manual page explains and the completion offers, and nothing else; error codes have names and
# their entry in the page; libe4zero(3) speaks of every public function.
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
told=$(grep -oE '^\.B E4Z_ET_[A-Z0-9_]+' "$root/man/e4zero.8" | sed 's/.* //' | sort)
complaints=$complaints$(
	missing "$codes" "$named" 'not in lib/base/error_name.c'
	missing "$codes" "$told" 'not in man/e4zero.8, ERRORS'
	missing "$told" "$codes" 'in man/e4zero.8, not in lib/errors.et'
)
functions=$(grep -oE 'e4z_[a-z_]+\(' "$root/lib/e4zero.h" | tr -d '(' | sort -u)
page=$(grep -oE 'e4z_[a-z_]+ ?\(' "$root/man/libe4zero.3" 2>/dev/null | tr -d ' (' | sort -u)
complaints=$complaints$(
	missing "$functions" "$page" 'not in man/libe4zero.3'
	missing "$page" "$functions" 'in man/libe4zero.3, not in lib/e4zero.h'
)
verdict "$(printf '%s\n' "$options" | grep -c .)" 'long options' "$complaints"
