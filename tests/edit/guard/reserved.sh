#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Blocks of the journal and of a quota file are no other file's: neither a map nor a bitmap gives them away.
. "${srcdir:-.}/tests/lib.sh"

. "$srcdir/tests/edit/common.sh"

where() {
	debugfs -R "bmap $2 $3" "$1" 2>debugfs.err | tail -1
}

head -c 40960 /dev/urandom >data
mke2fs -q -F -t ext4 -b 1024 -m 0 -I 256 -N 64 -O quota,^extents,^64bit image 8M >mke2fs.out
debugfs_script image <<-END
	write data file
	write data other
END
e2fsck -fy image >e2fsck.out 2>&1 || [ $? = 1 ] || fail "e2fsck: $(cat e2fsck.out)"

# a map that has such a block, as data and as a tree block
for block in "$(where image '<8>' 0)" "$(where image '<8>' 1)" "$(where image '<8>' 1000)" "$(where image '<3>' 5)"; do
	for field in 'block[3]' 'block[IND]' file_acl; do
		cp image claimed
		debugfs_script claimed <<<"sif file $field $block"
		remember_image claimed
		run_e4zero 8 --zero -o 0 -l 8192 claimed /file
		image_unchanged claimed
		printf '%s\n' 'truncate /other 3000' 'zero /file 3072 1024' 'punch-hole /file 0 1024' >script
		run_e4zero 8 --script script claimed
		image_unchanged claimed
	done
done
grep -q 'belongs to the journal or a quota file' err || fail "$(<err)"

# a bitmap that calls them free: all that is free goes to one file, and the log stays where it is
cp image marked
from=$(where image '<8>' 2)
debugfs_script marked <<-END
	freeb $from 200
	setb 7900 200
END
printf 'write /file 0 from=data\n' >script
free=$(dumpe2fs -h marked 2>dumpe2fs.err | sed -n 's/^Free blocks: *//p')
[ "$free" -gt 300 ] || fail "$free blocks are free"
head -c $(((free - 60) * 1024)) /dev/urandom >large
remember_image marked
run_e4zero 8 --write -o 0 --from large marked /file
image_unchanged marked
head -c $(((free - 300) * 1024)) large >less
run_e4zero 0 --write -o 0 --from less marked /file
for n in 0 40 2000 6000; do
	at=$(where marked /file "$n")
	[ "$at" -eq 0 ] || [ "$at" -lt "$from" ] || [ "$at" -ge $((from + 200)) ] || fail "block $n is at $at"
done
debugfs -R 'dump /file out' marked 2>debugfs.err
cmp -s -n "$(stat -c %s less)" less out || fail "the file does not read as what was written"
