#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A script that wants more blocks than there are: the line that is one too many is named where data are wanted, all of
# them where a map has to grow; what a line frees is free for the lines after a commit, which --split allows.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# full_image OPTIONS: 4 MiB and two empty files; FREE: blocks that may be taken; the file most wants more than half
full_image() {
	truncate -s 4M image
	mke2fs -q -F -t ext4 -b 1024 -m 0 "$@" image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	debugfs_script image <<<$'write none a\nwrite none b'
	free=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Free blocks: *//p')
	head -c $((free * 600)) /dev/urandom >most
}
: >none

for features in ^has_journal bigalloc,^has_journal ^extent,^64bit,^has_journal; do
	full_image -O $features
	printf 'truncate /b 5\n# a remark\nwrite /a 0 from=most\nwrite /b 0 from=most\ntruncate /b 3\n' >script
	untouched 8 'line 4: not enough free blocks: [0-9]+ needed, [0-9]+ available$' image --script script image
	untouched 8 'line 4: ' image -n --script script image
	printf 'write /a 0 from=most\nflush\nwrite /b 0 from=most\n' >script
	untouched 8 'line 3: ' image --script script image
done

# every free block but those that a map takes, in two lines
full_image -O bigalloc,^has_journal
head -c $((free / 2 / 16 * 16 * 1024)) /dev/urandom >half
printf 'write /a 0 from=half\nwrite /b 0 from=half\n' >script
run_e4zero 0 --script script image
sound image
holds image /b half
full_image -O ^has_journal
printf 'allocate /a 0 %d\nwrite /b 0 from=none\nwrite /b 1M from=one\n' $(((free - 1) * 1024)) >script
printf 1 >one
run_e4zero 0 --script script image
sound image
full_image -O ^has_journal
sed -i 's/^allocate .*/allocate \/a 0 '$((free * 1024))'/' script
untouched 8 'line 3: ' image --script script image

# a tree block: no line wants it alone
full_image -O ^has_journal
{
	printf '# before\nallocate /a 0 %d\n' $((free * 1024))
	for ((i = 0; i < 20; i++)); do
		printf 'write-zeroes /a %d 1k\n' $((i * 2048))
	done
} >script
untouched 8 'lines 2 to 22 together: allocating a block: No space' image --script script image
head -n 2 script >alone
run_e4zero 0 --script alone image

# the same, when it shows because a later line wants a transaction of its own
full_image -J size=1
head -c 1200000 /dev/urandom >over
printf 'write /b 0 from=over\n' >script
run_e4zero 0 --split --script script image
free=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Free blocks: *//p')
printf 'allocate /a 0 %d\n' $((free * 1024)) >script
for ((i = 0; i < 20; i++)); do
	printf 'write-zeroes /a %d 1k\n' $((i * 2048))
done >>script
cp script script.more
for last in 'write /b 0 from=over' "$(printf 'truncate /b 0\nwrite /b 2M from=most')"; do
	{ cat script.more && echo "$last"; } >script
	untouched 8 'line 2[23]: the preceding operations cannot be committed: allocating a block: No space left' \
		image --split --script script image
	untouched 8 'the preceding operations cannot be committed: ' image -n --split --script script image
done

# what is freed is not free before a commit
full_image -O ^has_journal
printf 'write /a 0 from=most\n' >script
run_e4zero 0 --script script image
printf 'truncate /a 0\nwrite /b 0 from=most\n' >script
untouched 8 'line 2: not enough free blocks: ' image --script script image
cp image other
printf 'truncate /a 0\ncommit\nwrite /b 0 from=most\n' >script
run_e4zero 0 --script script other
sound other
holds other /b most
full_image -J size=1
printf 'write /a 0 from=most\n' >script
run_e4zero 0 --script script image
printf 'truncate /a 0\nwrite /b 0 from=most\n' >script
untouched 8 'line 2: not enough free blocks: ' image --script script image
run_e4zero 0 --split --script script image
sound image
holds image /b most
