# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Builds $tmp/faulty.so, to be preloaded: faulty.c says what it breaks. Source it after tests/lib.sh.

[ -n "${COMPILE:-}" ] || skip 'COMPILE is not set: run me by make check'
case ${INSTRUMENT:-} in *san*) skip 'a sanitizer wants to be loaded first' ;; esac
# shellcheck disable=SC2086 # words
(cd "$builddir" && $COMPILE -w -O1 -U_FORTIFY_SOURCE -U_FILE_OFFSET_BITS -fPIC -fvisibility=default -shared \
	-o "$tmp/faulty.so" "$srcdir/tests/edit/faults/faulty.c" -ldl) >log 2>&1 || fail "faulty.c: $(cat log)"

# What faults.py, which breaks one thing after the other, looks for in the environment.
requires_judge() {
	requires python3
	export FAULTY=$tmp/faulty.so JUDGE=$builddir/tests/crash/crash-states E4ZERO E2FSPROGS_FAKE_TIME=1700000000
	[ -x "$JUDGE" ] || skip "$JUDGE is not built"
}
