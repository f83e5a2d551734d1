#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make check-sanitizers: a check and a fix of 100,000 findings by four threads under helgrind. Then the program is built in
# sanitizers/ of the build directory with AddressSanitizer and UBSan, with ThreadSanitizer, and with MemorySanitizer. The tests
# that need only files pass; with MemorySanitizer only unit tests that call no other library. Tools that detect races must
# report that of race.c. SAMPLE=1: 10,000 findings, and no other builds.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS
passed=0 failed=0 skipped=0
count=$([ -n "${SAMPLE-}" ] && echo 10000 || echo 100000)
race=tests/sanitizers/race

# step STATUS WHAT COMMAND...: run it in a subshell and count the result; with another status print the end of its output
step() {
	local want=$1 what=$2 rc
	shift 2
	("$@") >step.log 2>&1 </dev/null
	rc=$?
	if [ $rc = "$want" ]; then
		echo "ok: $what"
		passed=$((passed + 1))
	else
		echo "FAIL: $what: exit $rc, wanted $want"
		tail -n 40 step.log | sed 's/^/  /'
		failed=$((failed + 1))
		return 1
	fi
}

skipped() {
	echo "skipped: $1"
	skipped=$((skipped + 1))
}

# many_findings IMAGE: $count files with a stale tail, a thousand per directory
many_findings() {
	local i
	mke2fs -q -F -t ext4 -b 1024 -N $((count + count / 100 + 1000)) "$1" $((count / 400 + 16))M || return
	printf '%01024d' 1 >one
	{
		echo 'mkdir /d' # debugfs takes 20 times as long in folders of the root
		for ((i = 0; i < count; i++)); do
			[ $((i % 1000)) != 0 ] || printf 'mkdir /d/%d\ncd /d/%d\n' $((i / 1000)) $((i / 1000))
			printf 'write one f%d\nsif f%d size 100\n' $i $i
		done
	} | debugfs -w -f - "$1" >debugfs.log 2>&1
}

helgrind() {
	local rc
	valgrind --tool=helgrind --history-level=none --error-exitcode=99 --log-file=helgrind.log "$@" >out
	rc=$?
	[ $rc != 99 ] || cat helgrind.log
	return $rc
}

by_helgrind() {
	local check=("$E4ZERO" --sandbox off --json -j 4)
	type -P valgrind >/dev/null || { skipped 'valgrind is not installed'; return; }
	step 99 'helgrind sees a race' helgrind "$builddir/$race"
	step 4 "helgrind: a check of $count findings" helgrind "${check[@]}" --check many
	step 0 'they were found' grep "\"findings\":$count," out
	step 4 'helgrind: all of the file system' helgrind "${check[@]}" --check --all many
	cp --sparse=always many fixed
	step 0 'helgrind: a fix' helgrind "${check[@]}" --fix fixed
	step 0 'nothing is left' "$E4ZERO" --check -q fixed
}

# build FOLDER PROGRAMS CONFIGURE-ARGUMENTS...
build() {
	mkdir -p "$builddir/sanitizers/$1" && cd "$builddir/sanitizers/$1" || return
	[ -f config.status ] || "$srcdir/configure" --quiet "${@:3}" || return
	# shellcheck disable=SC2086 # words
	make -s -j"$(nproc)" $2
}

tests() { # FOLDER TEST...
	make -s -C "$builddir/sanitizers/$1" -j"$(nproc)" check TESTS="${*:2}"
}

by_gcc() {
	local tsan=$builddir/sanitizers/tsan
	step 0 'a build with AddressSanitizer and UBSan' build asan-ubsan all --enable-instrument=asan,ubsan &&
		step 0 'its tests' tests asan-ubsan "$PACKAGE_TESTS"
	step 0 'a build with ThreadSanitizer' build tsan "all $race" --enable-instrument=tsan || return
	step 66 'ThreadSanitizer sees a race' "$tsan/$race"
	step 0 'its tests' tests tsan "$PACKAGE_TESTS"
	step 4 "ThreadSanitizer: a check of $count findings" "$tsan/e4zero" --json -j 4 --check many
}

# MemorySanitizer does not know what uninstrumented libraries write, so only tests that call none are run. test-rangeset is
# left out: it uses statistics of the allocator of the C library, which MemorySanitizer replaces.
by_clang() {
	local test pure
	pure=$(tr ' ' '\n' <<<"$UNIT_TESTS" | grep -E '^tests/unit/(base|sets)/' | grep -v test-rangeset)
	type -P clang >/dev/null || { skipped 'clang is not installed'; return; }
	step 0 'a build with MemorySanitizer' build msan "$(echo $pure)" CC=clang CFLAGS='-g -O1 -fsanitize=memory' \
		e4z_cv_ext2fs_abi=yes --disable-werror || return
	for test in $pure; do
		step 0 "MemorySanitizer: $test" "$builddir/sanitizers/msan/$test"
	done
}

requires mke2fs
requires debugfs
step 0 "$count findings" many_findings many
by_helgrind
[ -n "${SAMPLE-}" ] || { by_gcc; by_clang; }
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] || exit 1
[ $passed != 0 ] || exit 77
