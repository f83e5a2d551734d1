#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file system of more than 2^32 blocks whose log was never used: block numbers of 64 bits make its descriptors larger,
# and what fits is counted with those; a log whose superblock is of the first version cannot have them.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

truncate -s 4200G wide 2>/dev/null || skip 'no file of 4200 GiB can be made here'
mke2fs -q -F -t ext4 -b 1024 -O bigalloc,64bit -C 65536 -N 131072 -J size=1 -E lazy_itable_init=1 wide >mke2fs.log 2>&1 ||
	fail "mke2fs: $(cat mke2fs.log)"
head -c 1100000 /dev/zero | tr '\0' x >long
debugfs_script wide <<<'write long file'
! dumpe2fs -h wide 2>/dev/null | grep -q journal_64bit || fail 'the log has them already'

fit=0 refused=0
for blocks in {1003..1010}; do
	cp --sparse=always wide image
	head -c $((blocks << 10)) /dev/zero | tr '\0' y >over
	"$E4ZERO" --json --write --from over -o 0 --trace-io trace image /file >out 2>err
	rc=$?
	if [ $rc = 0 ]; then
		dumpe2fs -h image 2>/dev/null | grep -q journal_64bit || fail 'no block numbers of 64 bits'
		e2fsck -fn image >e2fsck.out 2>&1 || fail "$blocks blocks: $(cat e2fsck.out)"
		{ cat over; tail -c +$(((blocks << 10) + 1)) long; } >model
		holds image /file model
		fit=$((fit + 1))
	else
		[ $rc = 8 ] && grep -q 'journal blocks, and there are 1023' err || fail "$blocks blocks: $rc: $(cat err)"
		[ ! -s trace ] || fail "$blocks blocks: refused, but $(wc -l <trace) writes"
		refused=$((refused + 1))
	fi
	rm -f trace image
done
[ $fit -gt 0 ] && [ $refused -gt 0 ] || fail "$fit fit, $refused do not: this is not the end of the log"

# the first version of a log's superblock
log=$(($(debugfs -R 'bmap <8> 0' wide 2>/dev/null) << 10))
printf '\3' | dd of=wide bs=1 seek=$((log + 7)) conv=notrunc status=none
run_e4zero 0 --check wide
run_e4zero 8 --truncate 5 --trace-io trace wide /file
grep -q 'of version 1: it cannot hold' err || fail "$(cat err)"
[ ! -s trace ] || fail "refused, but $(wc -l <trace) writes"

# fewer blocks need none of it
edit_image few
log=$(($(debugfs -R 'bmap <8> 0' few 2>/dev/null) << 12))
printf '\3' | dd of=few bs=1 seek=$((log + 7)) conv=notrunc status=none
dd if=/dev/zero of=few bs=1 seek=$((log + 36)) count=988 conv=notrunc status=none
run_e4zero 0 --truncate 5 few /file
sound few
