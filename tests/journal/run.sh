#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All about reading logs: of a live kernel, of e2fsprogs' tests, and damaged ones.
srcdir=$(cd "${srcdir:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd)
builddir=$(cd "${builddir:-$srcdir/build}" && pwd)
export srcdir builddir
passed=0 failed=0 skipped=0
mutants=20000
[ -n "${SAMPLE:-}" ] && { mutants=2000; export SEEDS=1; }

run() {
	"$@"
	case $? in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)); echo "failed: $*" ;;
	esac
}

run bash "$srcdir/tests/journal/live.sh"
run bash "$srcdir/tests/journal/images.sh"
run "$builddir/tests/journal/fuzz-replay" $mutants
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
