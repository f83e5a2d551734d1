#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The order of writes and barriers of each kind of edit is the one in traces/. UPDATE=1 writes them again, to be read.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

. "$srcdir/tests/golden/common.sh"

bash "$srcdir/tests/crash/images.sh" "$tmp" ext-4k-csum ind-1k inline-4k bare-4k || exit

# golden IMAGE WORKLOAD MODE FILE...
golden() {
	local image=$1 workload=$2 mode=$3
	cp --sparse=always "$image" edited
	rm -f raw
	"$program" --edit --data "$mode" --trace raw --workload "$workload" edited || fail "$workload on $image"
	same_trace "$image" "$image.$workload.$mode" "${@:4}"
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
stale_unwritten ext-4k-csum bare-4k
golden ext-4k-csum written-grows journal /prealloc
golden ext-4k-csum unwritten journal /zeros
golden ext-4k-csum hole journal /zeros
golden ind-1k hole journal /zeros
golden bare-4k written journal /prealloc
