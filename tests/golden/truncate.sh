#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The order of writes and barriers of each kind of edit is the one in traces/. UPDATE=1 writes them anew, to be read.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

program=$builddir/tests/crash/crash-states
[ -x "$program" ] || skip "$program is not built"
requires mke2fs
requires debugfs
requires python3
export E2FSPROGS_FAKE_TIME=1700000000
bash "$srcdir/tests/crash/images.sh" "$tmp" ext-4k-csum ind-1k inline-4k bare-4k || exit

# golden IMAGE WORKLOAD MODE FILE...
golden() {
	local image=$1 workload=$2 mode=$3 want
	want=$srcdir/tests/golden/traces/$image.$workload.$mode
	shift 3
	cp --sparse=always "$image" edited
	rm -f raw
	"$program" --edit --data "$mode" --trace raw --workload "$workload" edited || fail "$workload on $image"
	python3 "$srcdir/tests/golden/symbolic.py" "$image" raw "$@" >trace || fail "$image $workload $mode: $(cat raw)"
	if [ -n "${UPDATE:-}" ]; then
		cp trace "$want"
	else
		diff -u "$want" trace || fail "$image $workload $mode: not the writes it used to be"
	fi
}

golden ext-4k-csum down-small journal /small
golden ext-4k-csum down-small ordered /small
golden ext-4k-csum down-edge journal /small
golden ext-4k-csum down-nothing journal /small
golden ext-4k-csum up-tail journal /tail
golden ext-4k-csum down-frag journal /frag
golden ext-4k-csum down-deep journal /deep
golden ext-4k-csum two-transactions journal /small /frag
golden ind-1k down-deep journal /deep
golden inline-4k inline-down journal /inline
golden inline-4k inline-out journal /inline
golden bare-4k down-small journal /small
