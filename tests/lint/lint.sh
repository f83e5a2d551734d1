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
			-o -type f ! -name '*.[oa]' ! -name '*.so.*' ! -name '*.log' ! -name '*.trs' ! -name .dirstamp \
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

# A compiler that reads every file takes half a minute, and most files are as they were. So a lint may ask which files are
# due: those that it has not passed with the same bytes, and all of them where the WORDS, what they name, or a header
# changed. passed remembers that all are clean. In a build directory only, and not for another tree or a part of this one.
#   due LINT WORDS... : the files of standard input
passed_dir=
[ -z "${builddir-}" ] || [ -n "${LINT_ROOT-}${LINT_FILES-}" ] || passed_dir=$builddir/tests/lint/passed

due() {
	local lint=$1 sums key
	[ -n "$passed_dir" ] && mkdir -p "$passed_dir" || { cat; return; }
	key=$({ printf '%s\n' "${@:2}"; files '\.h$' | (cd "$root" && xargs -r -d '\n' cat); cat "$here/$lint.sh" "$here/lint.sh"; } | sha1sum)
	sums=$(cd "$root" && xargs -r -d '\n' sha1sum --)
	printf '%s\n' "$key" "$sums" >"$passed_dir/$lint.new"
	if [ "$(head -n 1 "$passed_dir/$lint" 2>/dev/null)" = "$key" ]; then
		printf '%s\n' "$sums" | grep -vxFf "$passed_dir/$lint"
	else
		printf '%s\n' "$sums"
	fi | cut -c43-
}

passed() {
	[ -z "$passed_dir" ] || mv "$passed_dir/$1.new" "$passed_dir/$1"
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
