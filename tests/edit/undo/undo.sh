#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What was written comes back, bit by bit, with our verb and with e2undo: superblock and host holes too, on a raw
# image, at an offset, in a partition; a plan that is saved at once gives the same as saving write by write.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires e2undo
requires python3

# random_orders SEED BYTES: a hundred edits of the file system, some over others, one of the superblock's label
random_orders() {
	python3 - "$@" <<-'END'
	import random, sys
	seed, size = map(int, sys.argv[1:])
	rnd = random.Random(seed)
	print("write:%d:16:0x%x" % (1024 + 120, 65 + seed % 26))
	for _ in range(100):
	    length = rnd.choice((1, 512, 1024, 4096, 5000, 70000, 3 << 20))
	    off = rnd.randrange(4096, size - length)
	    print(rnd.choice(("write:%d:%d:%d" % (off, length, rnd.randrange(1, 256)),
	                      "zero:%d:%d" % (off // 4096 * 4096, length), "sync")))
	END
}

# restored NAME: image is what it was, to the byte and in length
restored() {
	cmp image before || fail "$1: not what it was"
	rm -f undo
}

apply() {
	run_e4zero 0 --undo-apply undo "$@"
}

# round SPEC BYTES SEED MORE...: edit; take it back with e4zero twice (the second does nothing) and with e2undo
round() {
	local spec=$1 size=$2 seed=$3
	shift 3
	mapfile -t orders < <(random_orders "$seed" "$size")
	cp --sparse=always image before
	scribble 0 "$spec" undo=undo "$@" "${orders[@]}" sync
	[ "$(stat -c %a undo)" = 600 ] || fail "mode $(stat -c %a undo)"
	! cmp -s image before || fail 'nothing was edited'
	cp --sparse=always image after
	cp undo kept
	apply "$spec"
	restored "e4zero $spec $*"
	cp kept undo
	apply "$spec"
	restored "again $spec $*"
	cp --sparse=always after image
	e2undo kept image >e2undo.out 2>&1 || fail "e2undo $spec: $(cat e2undo.out)"
	! grep -q Incomplete e2undo.out || fail "e2undo $spec: $(cat e2undo.out)"
	restored "e2undo $spec $*"
}

make_ext image 16M -L first
round image $((16 << 20)) 1
round image $((16 << 20)) 2 save:0:1000000 save:8000000:300 flush
# 1 KiB blocks and a length that no 4 KiB divide
make_ext image 16M -b 1024
truncate -s $(((16 << 20) + 1536)) image
round image $((16 << 20)) 3

# at an offset that no block divides, and one sector further than that
truncate -s 40M image
make_ext part.img 16M
dd if=part.img of=image bs=512 seek=2049 conv=notrunc,sparse status=none
round "image?offset=$((2049 * 512))" $((16 << 20)) 4

# in a partition: neighbours stay out of the undo file
if command -v sfdisk >/dev/null; then
	rm image
	truncate -s 40M image
	printf 'label: gpt\nstart=2048, size=32768\nstart=40960, size=32768\n' | sfdisk -q --no-tell-kernel image || fail sfdisk
	dd if=part.img of=image bs=512 seek=2048 conv=notrunc,sparse status=none
	round image $((16 << 20)) 5
fi

# sealed, and edited further
make_ext image 16M
cp image before
scribble 0 image undo=undo write:5000000:10:1 seal write:5000000:10:2 write:1144:4:0x41 seal write:1144:4:0x42
apply image
restored 'sealed twice'

# the file system counts, not what is around it: the image grew, or the file system is elsewhere in another one
make_ext image 16M
cp image before
scribble 0 image undo=undo write:5000000:10:1 write:1144:4:0x41 sync
cp image after
truncate -s 20M image before
apply image
cmp image before || fail 'the image grew: not what it was'
truncate -s 40M moved
dd if=after of=moved bs=512 seek=4099 conv=notrunc,sparse status=none
apply "moved?offset=$((4099 * 512))"
dd if=moved bs=512 skip=4099 count=$((16 << 11)) status=none | cmp - before -n $((16 << 20)) || fail 'moved: not what it was'
rm undo
scribble 0 "moved?offset=$((4099 * 512))" undo=undo write:5000000:10:1 write:1144:4:0x41 sync
dd if=moved of=image bs=512 skip=4099 count=$((16 << 11)) status=none
truncate -s 16M image before
apply image
restored 'moved to the beginning'

# holes come back as holes
make_ext image 16M
blocks=$(stat -c %b image)
scribble 0 image undo=undo write:8388608:4194304:9 sync
apply image
[ "$(stat -c %b image)" -le $((blocks + 64)) ] || fail "$(stat -c %b image) host blocks, there were $blocks"

# nothing written, nothing kept
rm -f undo
scribble 0 image undo=undo sync
[ ! -e undo ] || fail 'an undo file without content is left'
