#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix --only free: no canary is left in a free block, nothing else changes, and a second run writes nothing.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

# free_canaries IMAGE: bytes of free blocks that are not zero, by the bitmaps as dumpe2fs prints them
free_bytes() {
	dumpe2fs "$1" 2>/dev/null >dump
	python3 - "$1" <<-'END'
		import re, sys
		text = open('dump').read()
		size = int(re.search(r'^Block size: *(\d+)', text, re.M)[1])
		image, found = open(sys.argv[1], 'rb'), 0
		for line in re.findall(r'^  Free blocks: ([-0-9, ]*)$', text, re.M):
		    for run in filter(None, line.split(', ')):
		        first, last = (run.split('-') * 2)[:2]
		        image.seek(int(first) * size)
		        data = image.read((int(last) + 1 - int(first)) * size)
		        found += len(data) - data.count(0)
		print(found)
	END
}

broad some 5 "${layouts[@]}"
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
	# what is not zero now is as it was
	python3 - <<-'END' || fail "$layout: other bytes changed"
		a, b = open('before', 'rb').read(), open('image', 'rb').read()
		assert len(a) == len(b)
		assert all(x == y or not any(y) for x, y in ((a[i:i + 512], b[i:i + 512]) for i in range(0, len(a), 512)))
	END
	remember_image image
	run_e4zero 0 --json --fix --only free --trace-io trace image
	[ ! -s trace ] || fail "$layout: the second one wrote: $(head trace)"
	rm -f trace
	image_unchanged image
	run_e4zero 0 --json --check --only free image
done
