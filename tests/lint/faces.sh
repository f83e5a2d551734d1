#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --help names, the manual page explains and the completion offers, and nothing else: each action is in the SYNOPSIS,
# each option with an argument is one to the completion, too. Error codes have names and their entry, with their text, in
# e4zero-errors(7); every object of the JSON report, with its fields, is in e4zero-json(5); libe4zero(3) mentions every
# public function. Kinds of findings and classes of the ledger are in e4zero(8) and findings.md, kinds in the completion.
. "$(dirname "$0")/lint.sh"

program=${E4ZERO:-./e4zero}
[ -x "$program" ] || skip "$program is not built"
help=$("$program" --help) || verdict 1 options "$program --help fails"
complaints=
complain() { [ -z "$1" ] || complaints+=${complaints:+$'\n'}$1; }
missing() { comm -23 <(printf '%s\n' "$1" | grep .) <(printf '%s\n' "$2") | sed "s|\$|: $3|"; }

long() { grep -oE -e '(^|[^A-Za-z0-9-])--[a-z][a-z0-9-]*' | grep -oE -e '--[a-z0-9-]+' | sort -u; }
options=$(printf '%s\n' "$help" | long)
actions=$(printf '%s\n' "$help" | sed -n '/^Actions/,/^$/p' | grep -E '^  ' | cut -c1-24 | long)
valued=$(printf '%s\n' "$help" | sed -nE 's/^  .{4}(--[a-z-]+) [A-Z].*/\1/p' | sort -u)
page=$(sed 's/\\-/-/g' "$root/man/e4zero.8" 2>/dev/null)
synopsis=$(printf '%s\n' "$page" | sed -n '/^\.SH SYNOPSIS/,/^\.SH DESCRIPTION/p' | long)
page=$(printf '%s\n' "$page" | long)
# LETTER OPTION ARGUMENT of each row, in the order of the words: "-j --jobs =", " --progress ?", "-C  ="
of_help=$(printf '%s\n' "$help" | sed -nE 's/^  (-[A-Za-z])?,? *(--[a-z-]+)?( [A-Z/]+|\[=[A-Z]+\])?  .*/\1 \2 \3/p' |
	sed -E '/-/!d; s/  ?[A-Z/]+$/ =/; s/\[=.*/?/' | sort)
of_zsh=$(sed -nE "s/^\t\t'(\([^)]*\)'\{)?(-[A-Za-z])?(\+?),?(--[a-z-]+)?(=?-?)\}?'?\[.*/\2 \4 \3\5/p" \
	"$root/contrib/completion/_e4zero" | sed -E 's/ (\+|=|\+=)$/ =/; s/ =-$/ ?/' | sort)
# fish has no word for an argument that is optional
of_fish=$(sed -nE '/ -n /d; s/ -l / --/; s/ -s / -/; s/^complete -c e4zero( (-[A-Za-z]))?( (--[a-z-]+))?( -[xr])? .*/\2 \4 \5/p' \
	"$root/contrib/completion/e4zero.fish" | sed -E 's/ -[xr]$/=/; s/ (--progress) $/ \1 ?/' | sort)
fish_operands=$(sed -n '/^function __e4zero_operands/,/^end/p' "$root/contrib/completion/e4zero.fish" | long)
complain "$(
	missing "$of_help" "$of_zsh" 'not a row of contrib/completion/_e4zero'
	missing "$of_zsh" "$of_help" 'a row of contrib/completion/_e4zero, but not of --help'
	missing "$of_help" "$of_fish" 'not a row of contrib/completion/e4zero.fish'
	missing "$of_fish" "$of_help" 'a row of contrib/completion/e4zero.fish, but not of --help'
	missing "$valued" "$fish_operands" 'takes an argument, which __e4zero_operands in contrib/completion/e4zero.fish does not know'
	missing "$fish_operands" "$valued" 'takes no argument, but __e4zero_operands in contrib/completion/e4zero.fish expects one'
)"
completion=$(grep -v '^[[:space:]]*#' "$root/contrib/completion/e4zero" 2>/dev/null)
operands=$(printf '%s\n' "$completion" | sed -n '/^_e4zero_operands()/,/^}/p' | long)
completion=$(printf '%s\n' "$completion" | long)
complain "$(
	missing "$options" "$page" 'not in man/e4zero.8'
	missing "$actions" "$synopsis" 'not in the SYNOPSIS of man/e4zero.8'
	missing "$options" "$completion" 'not in contrib/completion/e4zero'
	missing "$valued" "$operands" 'takes an argument, which _e4zero_operands() in contrib/completion/e4zero does not know'
	missing "$completion" "$options" 'offered by the completion, unknown to --help'
)"

codes=$(sed -n 's/^ec[[:space:]]*\(E4Z_ET_[A-Z0-9_]*\),.*/\1/p' "$root/lib/errors.et" | sort)
named=$(grep -oE 'NAMED\(E4Z_ET_[A-Z0-9_]+' "$root/lib/base/error_name.c" | sed 's/.*(//' | sort)
documented=$(grep -oE '^\.BR E4Z_ET_[A-Z0-9_]+' "$root/man/e4zero-errors.7" | sed 's/.* //' | sort)
texts() { sed -n 's/^ec[[:space:]]*\(E4Z_ET_[A-Z0-9_]*\),[[:space:]]*"\(.*\)"$/\1 \2./p' "$root/lib/errors.et" | sort; }
page=$(sed -n '/^\.BR E4Z_ET_/{ s/^\.BR \(E4Z_ET_[A-Z0-9_]*\).*/\1/; N; s/\n/ /p; }' "$root/man/e4zero-errors.7" | sort)
complain "$(
	missing "$codes" "$named" 'not in lib/base/error_name.c'
	missing "$codes" "$documented" 'not in man/e4zero-errors.7'
	missing "$documented" "$codes" 'in man/e4zero-errors.7, not in lib/errors.et'
	missing "$(texts)" "$page" 'has another text in man/e4zero-errors.7'
)"

# OBJECT.FIELD: of the functions that print an object each, and of the sections of the page
# shellcheck disable=SC2016 # a program for awk
of_source='
	match($0, /json_begin\("[a-z_]+"/) { object = substr($0, RSTART + 12, RLENGTH - 13); print object ".type" }
	/json_add_ino\(&line/ { print object ".ino" }
	/json_add_(path|file)\(&line/ { print object ".path" }
	match($0, /add_[a-z0-9]+\(&?(line|row), "[a-z0-9_]+"/) {
		field = substr($0, RSTART, RLENGTH - 1); sub(/.*"/, "", field)
		print object "." field
	}'
# shellcheck disable=SC2016 # a program for awk
of_page='
	/^\.SH / { inside = $2 == "OBJECTS" }
	inside && /^\.SS / { object = $2; print object ".type" }
	inside && /^\.BR .*" \((string|number|boolean|array)/ {
		sub(/^\.BR /, ""); sub(/" \(.*/, ""); n = split($0, word, /[", ]+/)
		for (i = 1; i <= n; i++) if (word[i] != "") print object "." word[i]
	}'
fields=$(awk "$of_source" "$root/src/report/report_json.c" "$root/src/cli/version.c" | sort -u)
page=$(awk "$of_page" "$root/man/e4zero-json.5" | sort -u)
complain "$(
	missing "$fields" "$page" 'a field of the JSON report that is not in this section of man/e4zero-json.5'
	missing "$page" "$fields" 'in man/e4zero-json.5, but not a field of the JSON report'
)"

functions=$(grep -oE 'e4z_[a-z_]+\(' "$root/lib/e4zero.h" | tr -d '(' | sort -u)
page=$(grep -oE 'e4z_[a-z_]+ ?\(' "$root/man/libe4zero.3" 2>/dev/null | tr -d ' (' | sort -u)
complain "$(
	missing "$functions" "$page" 'not in man/libe4zero.3'
	missing "$page" "$functions" 'in man/libe4zero.3, not in lib/e4zero.h'
)"
# words between two lines of a file
between() { sed -n "/$1/,/$2/p" "$root/$3" | sed 's/\\-/-/g'; }
kinds=$(printf '%s\n' "$help" | sed -n '/^KINDS/,/^Exit/p' | sed -nE 's/^[ *+] ([a-z0-9-]+) .*/\1/p' | sort)
classes=$(sed -nE 's/^\tX\([A-Z_]+, "([a-z-]+)",.*/\1/p' "$root/lib/findings/owners.h" | sort)
page=$(between '^\.SH FINDINGS' '^\.SS The ledger' man/e4zero.8 | sed -n '/^\.TP/{n; s/^\.B //p}' | sort)
ledger=$(between '^\.SS The ledger' '^\.SS What e2fsck' man/e4zero.8 | grep -oE '^\.BR? [a-z-]+' | sed 's/.* //' | sort)
exact=$(grep -oE '^\| *`[^|]*' "$root/doc/findings.md" | grep -oE '`[a-z0-9-]+`' | tr -d '`' | sort -u)
offered() { between "$@" | sed 's/^.*\(kinds=\|printf .*n. \)//' | grep -oE '[a-z0-9]+(-[a-z0-9]+)*' | sort; }
completion=$(offered "^\tlocal kinds='" "'$" contrib/completion/e4zero)
of_zsh=$(offered '^\tlocal -a kinds=' ')$' contrib/completion/_e4zero)
of_fish=$(offered '^    printf' '[^\\]$' contrib/completion/e4zero.fish)
complain "$(
	missing "$kinds" "$page" 'a kind of finding that is not in FINDINGS of man/e4zero.8'
	missing "$page" "$kinds" 'in FINDINGS of man/e4zero.8, unknown to --help'
	missing "$kinds" "$completion" 'a kind of finding that contrib/completion/e4zero does not offer'
	missing "$kinds" "$of_zsh" 'a kind of finding that contrib/completion/_e4zero does not offer'
	missing "$kinds" "$of_fish" 'a kind of finding that contrib/completion/e4zero.fish does not offer'
	missing "$classes" "$ledger" 'a class that is not in "The ledger" of man/e4zero.8'
	missing "$(printf '%s\n' "$kinds" "$classes" | sort -u)" "$exact" 'not the first word of a row in doc/findings.md'
	missing "$exact" "$(printf '%s\n' "$kinds" "$classes" | sort -u)" 'in doc/findings.md, but neither a kind nor a class'
)"

verdict "$(printf '%s\n' "$options" | grep -c .)" 'long options' "$complaints"
