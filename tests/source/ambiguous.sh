#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest of a raw image can write any header to it. An image that could be raw or of another format is refused until the
# user selects the format.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"

stale_image raw.img
for format in qcow2 vmdk vhdx vhd vdi parallels qed; do
	rm -f other.img
	into "$format" raw.img other.img
	# the first sector of the format over a raw file system, whose superblock is at 1024
	cp raw.img both.img
	dd if=other.img of=both.img bs=512 count=1 conv=notrunc status=none
	untouched 8 "header is that of a $format image, but there is also an ext superblock.*--image-format" both.img both.img
	untouched 8 'ext superblock' both.img --fix both.img
	untouched 8 'ext superblock' both.img 'both.img?offset=0'
	run_e4zero 4 --image-format raw both.img
	has_line stale-tail out || fail "$format: $(cat out)"

	# an image of this format with the signature of a partition table in it
	for mark in '510 \x55\xaa MBR' '512 EFI\x20PART GPT' '4096 EFI\x20PART GPT'; do
		read -r at bytes name <<<"$mark"
		cp other.img both.img
		printf "$bytes" | dd of=both.img bs=1 seek="$at" conv=notrunc status=none
		untouched 8 "header is that of a $format image, but there is also .*partition table.*$name" both.img both.img
	done
done

# --image-format decides, but does not turn one format into another
rm -f other.img
into qcow2 raw.img other.img
cp other.img both.img
printf '\x55\xaa' | dd of=both.img bs=1 seek=510 conv=notrunc status=none
run_e4zero 4 --image-format qcow2 both.img
untouched 8 'not that of a vmdk image' both.img --image-format vmdk both.img
untouched 8 'not that of a luks image' raw.img --image-format luks raw.img
run_e4zero 4 --image-format raw raw.img
run_e4zero 16 --image-format qcow3 raw.img
untouched 8 'this is a qcow2 image; .*not as a raw image' other.img --image-format raw other.img

# QEMU would take these file names for protocols, options or JSON
for name in nbd:localhost:10809 json:{} ssh://host/x fat:. 'a,b=c' $'no\xffutf-8' '"quoted\"'; do
	mkdir -p "$(dirname "./$name")"
	cp other.img "./$name"
	run_e4zero 4 "./$name"
done
no_child
