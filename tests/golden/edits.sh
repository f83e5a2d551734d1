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
# what is unwritten has old bytes below it: the host's holes would not be zeroed
for image in ext-4k-csum bare-4k; do
	for block in 4 5 6 7 8 9; do
		at=$(debugfs -R "bmap /prealloc $block" $image 2>/dev/null | tr -dc 0-9)
		printf 'old bytes' | dd of=$image bs=4096 seek="$at" conv=notrunc status=none || fail dd
	done
done
golden ext-4k-csum written-grows journal /prealloc
golden ext-4k-csum unwritten journal /zeros
golden ext-4k-csum hole journal /zeros
golden ind-1k hole journal /zeros
golden bare-4k written journal /prealloc
