#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Multiple mount protection: who else uses the file system is found before a byte of it is written.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/mmp/common.sh"

# but_for_block IMAGE: a checksum of all else
but_for_block() {
	{
		head -c $mmp_at "$1"
		tail -c +$((mmp_at + 4097)) "$1"
	} | cksum
}

mmp_image clean
wanted=$(but_for_block clean)
taken() { # WHAT PATTERN
	same "$1: the image" "$(but_for_block image)" "$wanted"
	grep -q "$2" err || fail "$1: $(cat err)"
	same "$1: messages" "$(grep -cv ': note: ' err)" 1
}

until_ready() {
	while [ ! -e ready ]; do [ -d /proc/$host ] || fail 'the host ended'; done
	rm ready
}

# e2fsck has it
cp clean image
other_host image set:e24d4d50
run_e4zero 8 --truncate 5 image /file
taken e2fsck 'e2fsck is running on the file system, or was interrupted'
run_e4zero 0 --check image
grep -q 'note: multiple mount protection: the file system is in use' err || fail "$(cat err)"

# a host counts
cp clean image
rm -f stop ready
other_host image set:1 count &
host=$!
while [ "$(mmp_seq image)" = ff4d4d50 ]; do [ -d /proc/$host ] || fail 'the host ended'; done
run_e4zero 8 --json --truncate 5 image /file
same 'its name' "$(records error name)" E4Z_ET_BUSY
taken 'a host' 'the file system is in use (host another host'
touch stop
wait $host || fail 'the host failed'

# a host that saw it clean, as we did, and comes later
cp clean image
other_host image await-taken set:77 &
host=$!
until_ready
run_e4zero 8 --truncate 5 image /file
wait $host || fail 'the host failed'
taken 'at the same time' 'the file system is in use (host another host'
same 'whose it is' "$(mmp_seq image)" 00000077

# one that was there and has gone
cp clean image
before=$(mmp_bytes image)
other_host image await-taken super &
host=$!
until_ready
run_e4zero 8 --truncate 5 image /file
wait $host || fail 'the host failed'
grep -q 'another host changed the file system while it was opened' err || fail "$(cat err)"
same 'the block' "$(mmp_bytes image)" "$before"
run_e4zero 0 --truncate 5 image /file

# what is no block of it
for at in 0 8; do
	cp clean image
	pollute image $((mmp_at + at)) x
	remember_image image
	run_e4zero 8 --truncate 5 image /file
	grep -q 'its block has' err || fail "$(cat err)"
	run_e4zero 0 --check image
	grep -q 'note: the block of multiple mount protection has' err || fail "$(cat err)"
	image_unchanged image
done
