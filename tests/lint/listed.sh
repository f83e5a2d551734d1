#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing is forgotten: each script of tests/ is in Makefile.am, or is the run.sh of a long check, or another script names
# it; each test-X.c and each source of lib/ and src/ is in Makefile.am, each folder of these two in the map of HACKING.md.
. "$(dirname "$0")/lint.sh"
cd "$root" || exit 1

scripts=$(files '^tests/.*\.sh$')
readers=$(files '^tests/.*\.(sh|py)$')
unlisted() { while read -r file; do grep -qF -e "$file" Makefile.am || echo "$file"; done; }
# is_named FILE: by a line of code of another script: alone in the same folder of tests/, with its own folder in all
is_named() {
	local name=${1##*/} folder=${1%/*} near
	near=$(cut -d/ -f1,2 <<<"$1")
	{
		grep -E "^$near/" <<<"$readers" | grep -vxF "$1" | xargs -r -d '\n' grep -hE -e "(^|[^A-Za-z0-9_.-])$name" --
		grep -vxF "$1" <<<"$readers" | xargs -r -d '\n' grep -hF -e "${folder##*/}/$name" --
	} | grep -vE '^[[:space:]]*#' >/dev/null
}
complaints=$(
	printf '%s\n' "$scripts" | grep -v '/run\.sh$' | unlisted | while read -r file; do
		is_named "$file" || echo "$file: nothing runs it: put it into a list of tests in Makefile.am"
	done
	files '^(lib|src)/.*\.c$' | unlisted | sed 's/$/: not in Makefile.am/'
	files '^tests/unit/.*/test-.*\.c$' | sed 's/\.c$//' | unlisted | sed 's/$/: not in unit_tests in Makefile.am/'
	files '^(lib|src)/.*/.*\.[ch]$' | sed 's,/[^/]*$,,' | sort -u | while read -r folder; do
		grep -qF -e "\`$folder/\`" HACKING.md || echo "$folder/: not in the map of HACKING.md"
	done
)
verdict "$(echo "$scripts" | grep -c .)" 'scripts of the tests' "$complaints"
