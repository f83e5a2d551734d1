#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make coverage: builds with gcc --coverage in coverage/ of the build directory, runs the tests of COVERED, and reports their
# coverage. It fails if a room has less than README.md requires, or if a test fails.
set -u
dir=$builddir/coverage
die() { echo "coverage: $*" >&2; exit 1; }

for tool in gcc gcov python3; do
	command -v $tool >/dev/null || die "$tool is not installed"
done
[ ! -f "$srcdir/config.status" ] || die 'the source tree is configured itself: build elsewhere, as ./quickstart does'
mkdir -p "$dir" && cd "$dir" || exit 1
if [ ! -f config.status ]; then
	"$srcdir/configure" --quiet --enable-instrument=coverage CC=gcc || die 'configure failed'
fi
unset MAKEFLAGS MAKELEVEL MFLAGS
make -s -j"$(nproc)" >build.log 2>&1 || { tail -n 20 build.log >&2; die "the build failed: $dir/build.log"; }
make -s -j"$(nproc)" check TESTS= >>build.log 2>&1 || { tail -n 20 build.log >&2; die "the build failed: $dir/build.log"; }
find . -name '*.gcda' -exec rm -f {} +
make -s check TESTS="$COVERED" >check.log 2>&1
tests=$?
grep -aE '^(FAIL|ERROR):' check.log
python3 "$srcdir/tests/coverage/coverage.py" --exceptions "$srcdir/tests/coverage/exceptions" --html coverage.html \
	--room journal='lib/journal/*' \
	--room transaction='lib/txn/*' \
	--room stash='lib/io/stash.*' \
	--room lock='lib/busy/lock.*' \
	--room superblock='lib/format/super.*,lib/image/identify.c,lib/image/image_fs.c' \
	"$srcdir" . | tee coverage.txt
rc=${PIPESTATUS[0]}
echo "$(grep -c '^PASS:' check.log) tests passed, $(grep -cE '^(FAIL|ERROR):' check.log) failed, $(
	grep -c '^SKIP:' check.log) skipped; the page is $dir/coverage.html, the same as text coverage.txt"
[ "$tests" = 0 ] && exit "$rc"
exit 1
