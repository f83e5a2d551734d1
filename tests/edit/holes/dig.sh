#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --holes always: --convert hole and a fix of free blocks give back what is zero already; the image file is then as small as
# fallocate -d makes it, no byte has changed, and a second run does nothing.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires fallocate
# a commit has its time in it
export SOURCE_DATE_EPOCH=1000000000

# The host has all of it; as many bytes as OFFSET are before the file system.
make_full() { # OFFSET
	head -c $(($1 + (32 << 20) + 700)) /dev/zero >image
	mkdir -p tree
	text tree/text 100000 $'a line\n'
	text tree/zeros 3145728 x
	mke2fs -q -F -t ext4 -b 4096 -E nodiscard,offset="$1" -d tree image 32M >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
	run_e4zero 0 --write-zeroes -o 0 -l 3M --holes never "image?offset=$1" /zeros
	cp --sparse=never image made && cp --sparse=never made image
}

as_small_as_can_be() { # WHAT
	cp --sparse=never image dug
	fallocate -d dug
	[ "$(stat -c %b dug)" -lt "$(stat -c %b made)" ] || skip 'no holes can be made here'
	same "$1: blocks of the image file" "$(stat -c %b image)" "$(stat -c %b dug)"
}

for offset in 0 1048576 1049088; do
	spec=image
	[ $offset = 0 ] || spec="image?offset=$offset"
	make_full $offset

	run_e4zero 0 --convert hole "$spec"
	same 'blocks, where nobody asked' "$(stat -c %b image)" "$(stat -c %b made)"
	cp image converted
	cp --sparse=never made image
	run_e4zero 0 --convert hole --holes always --dry-run "$spec"
	same 'blocks after a dry run' "$(stat -c %b image)" "$(stat -c %b made)"
	cmp image made || fail 'a dry run wrote'
	run_e4zero 0 --convert hole --holes always --undo undo "$spec"
	# what is around the file system is not ours
	fallocate -p -o $((offset / 4096 * 4096 + (32 << 20))) -l 8192 image
	[ $offset = 0 ] || fallocate -p -o 0 -l $offset image
	as_small_as_can_be "convert at $offset"
	cmp image converted || fail "$offset: other bytes than without holes"
	cp --sparse=never image again
	run_e4zero 0 --convert hole --holes always --trace-io trace "$spec"
	[ ! -s trace ] || fail "$offset: the second one: $(head trace)"
	rm -f trace
	run_e4zero 0 --undo-apply undo "$spec"
	cmp image made || fail "$offset: what was undone is not what was there"
	rm -f undo

	cp --sparse=never made image
	printf secret | dd of=image bs=1 seek=$((offset + (20 << 20))) conv=notrunc status=none
	run_e4zero 0 --fix --only free "$spec"
	same 'blocks after a fix, where nobody asked' "$(stat -c %b image)" "$(stat -c %b made)"
	! grep -q secret image || fail "$offset: a free block was left"
	cp image fixed
	run_e4zero 0 --fix --only free --holes always "$spec"
	fallocate -p -o $((offset / 4096 * 4096 + (32 << 20))) -l 8192 image
	[ $offset = 0 ] || fallocate -p -o 0 -l $offset image
	as_small_as_can_be "fix at $offset"
	cmp image fixed || fail "$offset: digging changed a byte"
	run_e4zero 0 --fix --only free --holes always --trace-io trace "$spec"
	[ ! -s trace ] || fail "$offset: the second fix: $(head trace)"
	rm -f trace
done

# a host that makes no holes, or only says so
head -c 16M /dev/zero >image
mke2fs -q -F -t ext4 -E nodiscard image
cp --sparse=never image made && cp --sparse=never made image
if command -v strace >/dev/null && ! [[ ${INSTRUMENT:-} == *san* ]]; then
	strace -f -o /dev/null -e trace=fallocate -e inject=fallocate:error=EOPNOTSUPP "$E4ZERO" --fix --only free --holes always image \
		>out 2>err || fail "no holes: $(cat err)"
	same 'blocks where there are no holes' "$(stat -c %b image)" "$(stat -c %b made)"
	strace -f -o /dev/null -e trace=fallocate -e inject=fallocate:retval=0 "$E4ZERO" --fix --only free --holes always image \
		>out 2>err || fail "a lie: $(cat err)"
	cmp image made || fail 'a byte changed'
fi
