#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The reports of an image in any format are those of the raw image, byte for byte; no byte of the image changes.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"

stale_image raw.img
# a compressible file
text long 300000 'the same again '
debugfs_script raw.img <<<'write long long'

# as_raw ARGUMENTS...: the JSON of image.img is that of raw.img, except for the time and the number of bytes read
as_raw() {
	local image
	for image in raw image; do
		"$E4ZERO" --json "$@" $image.img ${file-} >$image.out 2>$image.err </dev/null
		echo "exit $?" >>$image.out
		sed -Ei "s/\"$image\.img\"/\"IMAGE\"/; s/\"(seconds|bytes_read)\":[0-9.]*/\"\1\":0/g" $image.out
	done
	sed -i 's/image\.img/raw.img/' image.err
	cmp raw.out image.out || fail "$format: $*: $(diff raw.out image.out | head -5)"
	cmp raw.err image.err || fail "$format: $*: $(diff raw.err image.err | head -5)"
}

broad formats 6 "${all_formats[@]}"
for format in "${formats[@]}"; do
	rm -f image.img
	into "$format" raw.img image.img
	remember_image image.img
	as_raw --check
	[ "$format" != qcow2 ] || [ "$(grep -c '"finding"' image.out)" = 2 ] || fail "nothing was found: $(cat image.out)"
	as_raw --check --all
	as_raw --check --paranoid -j 3
	file=/long as_raw --map
	# a dry run; e4zero cannot write to streamOptimized images
	[ "$format" = stream ] || as_raw --fix --dry-run
	image_unchanged image.img
done
no_child
