#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --json ends with one summary that tells the exit status, whatever happened; failures have an error object before it.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq
make_image empty 8M
stale_image stale
summary() {
	run_e4zero "$@"
	same "last of $*" "$(last_line)" "summary $1"
	same "summaries of $*" "$(jq -r .type out | grep -cx summary)" 1
	[ "$1" -lt 8 ] && return
	same "error of $*" "$(jq -r 'select(.type == "error") | [.context, .message, .code] |
		map(type) | join(" ")' out)" 'string string number'
	[ -s err ] || fail "nothing on standard error: $*"
}
summary 0 --json empty
summary 4 -J stale
summary 4 -qJ stale
summary 8 --json missing
summary 8 --json empty /missing
summary 16 --json
summary 16 --bogus --json stale
