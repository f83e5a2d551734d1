# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the golden traces share: images, and the comparison. UPDATE=1 writes the traces again, to be read.

program=$builddir/tests/crash/crash-states
[ -x "$program" ] || skip "$program is not built"
requires mke2fs
requires debugfs
requires python3
export E2FSPROGS_FAKE_TIME=1700000000

# same_trace IMAGE NAME FILE...: the trace "raw" of an edit of IMAGE's FILEs is the one in traces/NAME. For tests/model, it
# is also translated to $PATHS/NAME.
same_trace() {
	local image=$1 want=$srcdir/tests/golden/traces/$2
	python3 "$srcdir/tests/golden/symbolic.py" "$image" raw "${@:3}" >trace || fail "$2: $(cat raw)"
	[ -z "${PATHS:-}" ] || python3 "$srcdir/tests/model/paths.py" trace "$2" "$image" raw >"$PATHS/$2" || fail "$2: $(cat raw)"
	if [ -n "${UPDATE:-}" ]; then
		cp trace "$want"
	else
		diff -u "$want" trace || fail "$2: not the writes it used to be"
	fi
}

# stale_unwritten IMAGE...: old bytes below the unwritten blocks 4 to 9 of /prealloc: the host's holes would not be zeroed
stale_unwritten() {
	local image block at
	for image; do
		for block in 4 5 6 7 8 9; do
			at=$(debugfs -R "bmap /prealloc $block" "$image" 2>/dev/null | tr -dc 0-9)
			printf 'old bytes' | dd of="$image" bs=4096 seek="$at" conv=notrunc status=none || fail dd
		done
	done
}
