#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix --all of images that are full of what it is for, in which one thing fails: a read, a write, a zeroing, a barrier,
# an allocation, on a full host, or it is killed there. Exit 8 and nothing was changed, or 12 (4 where something is left) and
# no file holds anything else than it held; running again ends it, and a check of everything finds nothing.
#
# It takes some of all the things that can fail; all of them with EVERY=1, which check-crash does.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"
requires_judge

most=$([ -n "${EVERY-}" ] && echo 0 || echo 3)
kinds='read write full kill alloc'
bash "$srcdir/tests/crash/images.sh" "$tmp" all-1k all-ind >images.log 2>&1 || fail "$(cat images.log)"
faults() { # FIRST IMAGE
	python3 "$srcdir/tests/edit/faults/faults.py" --again --most $most --first "$1" --kinds "$kinds" "$2" -j 1 --fix --all work || exit 1
}
faults 1 all-1k
faults 2 all-ind
# A read that fails in the check, and not when what was found is zeroed: the check had no list of that.
cp all-1k work
env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/work" FAULTY_COUNT="$tmp/count" "$E4ZERO" -j 1 --fix --all work >out 2>err
read -r _ reads _ <count
for ((i = 1; i <= reads; i++)); do
	cp all-1k work
	env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/work" FAULTY_READ_STEP=$i "$E4ZERO" -j 1 --fix --all work >out 2>err
	rc=$?
	case $rc in 0 | 4 | 8 | 12) ;; *) fail "read $i: exit $rc: $(cat err)" ;; esac
done
# where the host cannot zero it is written
export FAULTY_PUNCH=1
kinds='write kill'
faults 3 all-1k

# what is read again to be zeroed, and cannot be, is not called fixed
make_image once 8M -b 1024
text content 30000 content
printf '%s\n' 'write content file' 'rm file' | debugfs_script once
table=$(dumpe2fs once 2>/dev/null | sed -n 's/^  Inode table at [0-9]*-\([0-9]*\).*/\1/p')
printf stale | dd of=once bs=1 seek=$((table * 1024 + 100)) conv=notrunc status=none
cp --sparse=never once dense
cp dense work
env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/work" FAULTY_COUNT="$tmp/count" "$E4ZERO" -j 1 --fix --all work >out 2>err
read -r _ reads _ <count
for ((i = reads - 16; i <= reads; i++)); do
	cp dense work
	env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/work" FAULTY_READ_STEP=$i "$E4ZERO" -j 1 --fix --all work >out 2>err
	case $? in
	0) run_e4zero 0 --check --all work ;;
	12) ;;
	*) fail "read $i: exit $?: $(cat err)" ;;
	esac
done

# a clean one is not called clean where a place cannot be read: it is named
make_image clean 24M -b 1024 -O orphan_file -I 128 -N 512
text ten 10000 'line of text '
text value 600 value
printf '%s\n' 'write ten file' 'ea_set -f value file user.long' | debugfs_script clean
debugfs -R 'stat file' clean >stat 2>/dev/null
run_e4zero 0 --fix --all clean
# holes are not read
cp --sparse=never clean dense && mv dense clean
run_e4zero 0 --check --all clean
orphans=$(dumpe2fs -h clean 2>/dev/null | sed -n 's/^Orphan file inode: *//p')
dump=$(dumpe2fs clean 2>/dev/null)
table=$(sed -n 's/^  Inode table at \([0-9]*\)-.*/\1/p' <<<"$dump" | head -1)
places="xattr-slack $(sed -n 's/.*File ACL: \([0-9]*\).*/\1/p' stat)
disputed $(sed -n 's/.*Block bitmap at \([0-9]*\) .*/\1/p' <<<"$dump" | head -1)
reserved-gdt $(debugfs -R 'stat <7>' clean 2>/dev/null | sed -n 's/.*(DIND):\([0-9]*\).*/\1/p')
bitmap-slack $(sed -n 's/.*Inode bitmap at \([0-9]*\) .*/\1/p' <<<"$dump" | head -1)
inode-table $((table + 8))
orphan-file-slack $(physical clean "<$orphans>" 0)"
while read -r kind block; do
	env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/clean" FAULTY_READ=$((block * 1024 + 1000)) \
		"$E4ZERO" --check --all --json clean >out 2>err
	same "exit where block $block cannot be read" "$?" 4
	report=out records finding kind fixable why | grep -q "^$kind false .*cannot be read" || fail "$kind in block $block: $(cat out)"
done <<<"$places"

# the slot of a deleted file, if the inode bitmap cannot be read
make_image deleted 8M -b 1024
printf '%s\n' 'write ten file' 'rm file' | debugfs_script deleted
cp --sparse=never deleted dense
bitmap=$(dumpe2fs dense 2>/dev/null | sed -n 's/.*Inode bitmap at \([0-9]*\) .*/\1/p' | head -1)
env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/dense" FAULTY_READ=$((bitmap * 1024 + 100)) "$E4ZERO" --check --only free-inode --json dense >out 2>err
report=out records finding kind why | grep -q '^free-inode .*the inode bitmap cannot be read' || fail "the bitmap cannot be read: $(cat out err)"

# bytes are counted as they were read; blocks that several files claim are read more than once
make_image twice 2M -b 1024 -O ^extents,^64bit -N 64
text many 300000 content
printf '%s\n' 'write many file' 'write many other' "write ten third" | debugfs_script twice
echo "sif third block[2] $(physical twice /file 0)" | debugfs_script twice
cp --sparse=never twice dense && mv dense twice
for image in clean twice; do
	env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/$image" FAULTY_COUNT="$tmp/count" "$E4ZERO" -j 1 --check --all $image >out 2>err
	read -r _ reads _ <count
	for ((i = reads / 2; i <= reads; i++)); do
		env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/$image" FAULTY_READ_STEP=$i "$E4ZERO" -j 1 --check --all $image >out 2>err
		if grep -q 'internal error' err; then fail "$image, read $i: $(cat err)"; fi
	done
done

# a bitmap and a copy of the superblock that are not valid stay as they are, also if they cannot be read once: what nobody has
# verified must not get a right checksum. What is beside them is fixed, or is named.
make_image lying 16M -b 4096 -g 2048
read -r bits inodes <<<"$(dumpe2fs lying 2>/dev/null | sed -n 's/.*Block bitmap at \([0-9]*\).*/\1/p; s/.*Inode bitmap at \([0-9]*\).*/\1/p' | head -2 | xargs)"
copy=$(dumpe2fs lying 2>/dev/null | sed -n 's/.*Backup superblock at \([0-9]*\),.*/\1/p' | head -1)
for at in $((bits * 4096 + 3000)) $((inodes * 4096 + 3)) $((inodes * 4096 + 3000)) $((copy * 4096 + 800)); do pollute lying "$at" STALE; done
blocks_of() { for block in "$inodes" "$copy"; do dd if="$1" bs=4096 skip="$block" count=1 status=none; done | cksum; }
wanted=$(blocks_of lying) fixed=0
cp --sparse=never lying dense
try() {
	cp dense work
	env LD_PRELOAD="$FAULTY" FAULTY_FILE="$tmp/work" FAULTY_READ_STEP=$1 FAULTY_COUNT="$tmp/count" \
		"$E4ZERO" --json -j 1 --fix --only bitmap-slack,super-slack work >out 2>err
}
try 0
same 'exit of what is not valid' $? 4
read -r _ reads _ <count
for ((i = 1; i <= reads; i++)); do
	try $i
	case $? in 4) fixed=$((fixed + 1)) ;; 8 | 12) ;; *) fail "read $i: exit $?: $(cat out err)" ;; esac
	same "what is not valid, after read $i failed" "$(blocks_of work)" "$wanted"
	records finding kind fixed why | grep -q '^bitmap-slack false .*\(cannot be read\|Input/output error\)\|^bitmap-slack true' || [ ! -s out ] || [ -s err ] ||
		fail "read $i: bitmap-slack is neither fixed nor named: $(cat out)"
done
[ $fixed -gt 2 ] || fail "after $fixed of $reads reads that fail anything is fixed"
