#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IMAGE?offset=N: every spelling of N, what is not one, and a file whose name holds the question mark.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
truncate -s 24M disk.img
put_ext disk.img 4 16
for n in 4194304 0x400000 4096K 4096k 4M 4MiB 8192s; do
	opens_at 4194304 "disk.img?offset=$n"
done
truncate -s 24000000 kilo.img
make_ext part.img 8M
dd if=part.img of=kilo.img bs=1000 seek=5000 conv=notrunc status=none
opens_at 5000000 'kilo.img?offset=5MB'
opens_at 5000000 'kilo.img?offset=5000KB'

for n in '' -1 4X 4MM 0x 1e6 ' 4M' 99999999999999999999 17179869184G; do
	for verb in --check --replay "--truncate 0" "--undo-apply none"; do
		file=$([ "$verb" != '--truncate 0' ] || echo /file)
		# shellcheck disable=SC2086 # words
		run_e4zero 16 $verb "disk.img?offset=$n" $file
		why="e4zero: disk.img?offset=$n: invalid offset \"$n\""
		[ "$(cat err)" = "$why" ] || fail "offset \"$n\": $(cat err)"
	done
done
run_e4zero 16 --partition 1 'disk.img?offset=4M'
refuses 'past the image' 'disk.img?offset=24M'
refuses 'past the image' 'disk.img?offset=1T'
refuses 'no ext superblock' 'disk.img?offset=512'
# what is zero is the place, not the image
refuses 'no ext superblock found; the bytes from offset 20971520 on are zero$' 'disk.img?offset=20M'
truncate -s 1M zeros.img
refuses 'no ext superblock found; the image starts with zeros$' zeros.img

make_ext 'disk.img?offset=4M' 8M
opens_at 0 'disk.img?offset=4M'
make_ext 'what?.img' 8M
opens_at 0 'what?.img'
