#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes zero in place before the commit is zero for what comes after it, in the same transaction and after a
# commit, in a dry run too: bytes that are what the disk held before are written anyway.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

head -c 16k /dev/urandom >old
tail -c +5121 old | head -c 3072 >part

# past EOF, in written blocks, is what is going to be written there
for features in ^bigalloc bigalloc; do
	truncate -s 8M image
	mke2fs -q -F -t ext4 -b 1024 -J size=1 -O $features image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	debugfs_script image <<<$'write old f\nsif f size 3000'
	for between in '' $'flush\n' $'commit\n'; do
		cp image work
		printf 'write-zeroes /f 3000 9000\n%swrite /f 5120 from=part\n' "$between" >script
		run_e4zero 0 --script script work
		sound work
		head -c 3000 old >expected
		head -c 2120 /dev/zero >>expected
		cat part >>expected
		head -c $((12000 - 8192)) /dev/zero >>expected
		holds work /f expected
	done
done

# a dry run sees after a commit that a range is zero: the second line has nothing to do
truncate -s 8M image
mke2fs -q -F -t ext4 -b 1024 -J size=1 image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
head -c 4M /dev/urandom >most
: >none
debugfs_script image <<<$'write most most\nrm most\nwrite none f'
printf 'write-zeroes /f 0 1500k\ncommit\nzero /f 0 1500k\n' >script
run_e4zero 0 --json -n --script script image
planned=$(grep -o '"transactions":[0-9]*\|"log_blocks":[0-9]*' "$tmp/out")
run_e4zero 0 --json --script script image
did=$(grep -o '"transactions":[0-9]*\|"log_blocks":[0-9]*' "$tmp/out")
[ -n "$did" ] && [ "$planned" = "$did" ] || fail "planned $planned, done $did"
sound image
