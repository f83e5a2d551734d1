# SPDX-License-Identifier: GPL-2.0-or-later
# What the lint tests share: which files belong to the project, and how a verdict is given.
# As a program: lint.sh tracked DIR lists the files of a release (make dist uses it).
# LINT_ROOT names another tree to look at (selftest.sh plants faults in a copy).

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "${LINT_ROOT:-${srcdir:-$here/../..}}" && pwd)

in_git() {
	[ "$(git -C "$root" rev-parse --show-toplevel 2>/dev/null)" = "$(realpath "$root")" ]
}

# Paths relative to the root; without git, everything that autotools and builds did not make.
tracked() {
	if in_git; then
		git -C "$root" ls-files --cached
	else
		(cd "$root" && find . \( -name .git -o -path ./build -o -path ./build-aux \
			-o -path './_*' -o -name autom4te.cache -o -name .deps -o -name __pycache__ \) -prune \
			-o -type f ! -name '*.[oa]' ! -name '*.log' ! -name '*.trs' ! -name .dirstamp \
			! -path './Makefile*' ! -path './conf*' ! -path ./aclocal.m4 ! -path ./stamp-h1 \
			! -path ./e4zero ! -path ./e4zero.pc ! -path ./e4zero-errors.h \
			! -path './lib/errors.[ch]' -print
		find . -maxdepth 1 \( -name Makefile.am -o -name configure.ac \)) | sed 's,^\./,,'
	fi | LC_ALL=C sort -u
}

# The same with what is not committed yet, restricted to an extended regular expression.
files() {
	local file
	{ tracked; in_git && git -C "$root" ls-files --others --exclude-standard; } | sort -u |
	grep -E "$1" | while read -r file; do
		[ -f "$root/$file" ] && echo "$file"
	done
}

skip() {
	echo "SKIP: $*"
	exit 77
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

# verdict COUNT WHAT COMPLAINTS: a lint that looked at nothing has failed, too.
verdict() {
	if [ -n "$3" ]; then
		printf '%s\n' "$3"
		exit 1
	fi
	if [ "$1" -eq 0 ]; then
		echo "no $2 to look at below $root"
		exit 1
	fi
	echo "$1 $2, nothing to complain about"
	exit 0
}

if [ "${1:-}" = tracked ] && [ "${BASH_SOURCE[0]}" = "$0" ]; then
	root=$(cd "$2" && pwd)
	tracked
fi
