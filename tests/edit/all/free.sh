#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix --only free: no canary is left in a free block, nothing else changes, and a second run writes nothing.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

broad some 3 "${layouts[@]}"
for layout in "${some[@]}"; do
	canary_image image "$layout"
	cp image before
	[ "$(free_bytes image)" -gt 1000000 ] || fail "$layout: no canary is in free blocks"
	run_e4zero 0 --json --fix --only free --dry-run image
	cmp image before || fail "$layout: a dry run wrote"
	run_e4zero 0 --json --fix --only free image
	same "left in free blocks of $layout" "$(free_bytes image)" 0
	summary fixed findings verified left stale_bytes
	# shellcheck disable=SC2154 # summary makes them
	same 'fixed' "$fixed $left" "$findings 0"
	[ "$verified" -ge "$stale_bytes" ] || fail "$layout: $verified bytes read again, $stale_bytes were stale"
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$layout: e2fsck: $(cat e2fsck.out)"
	holds image /ten tree/ten /dir/large tree/dir/large
	# what is not zero now is as it was, but for the marks that tell an old undo file
	python3 - <<-'END' || fail "$layout: other bytes changed"
		a, b = open('before', 'rb').read(), open('image', 'rb').read()
		assert len(a) == len(b)
		for i in range(0, len(a), 512):
		    x, y = a[i:i + 512], b[i:i + 512]
		    assert x == y or not any(y) or i == 1024 or y[:4] == bytes.fromhex('c03b3998') == x[:4], i
	END
	remember_image image
	run_e4zero 0 --json --fix --only free --trace-io trace image
	[ ! -s trace ] || fail "$layout: the second one wrote: $(head trace)"
	rm -f trace
	image_unchanged image
	run_e4zero 0 --json --check --only free image
done
