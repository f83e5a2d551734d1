#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A directory with a block that cannot be read is one that names are missing of: every shard that looks for names meets it,
# and the merged report says so once. Of shards without findings none looks.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
. "$srcdir/tests/edit/faults/faulty.sh"

requires mke2fs
requires debugfs
requires python3
export PYTHONDONTWRITEBYTECODE=1

# 16 groups of 16 inodes, flat: debugfs takes the first free inode, so the files fill several groups
mke2fs -q -F -t ext2 -b 1024 -g 256 -N 256 image 4M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
text one 1024 x
{
	echo mkdir torn
	for ((i = 0; i < 100; i++)); do
		printf 'write one f%d\nsif f%d size 10\n' $i $i
	done
	echo 'ln f99 torn/f99'
} | debugfs_script image
block=$(physical image torn 0)
cat >faulty <<-END
	#!/bin/bash
	FAULTY_FILE=$tmp/image FAULTY_READ=$((block * 1024)) LD_PRELOAD=$tmp/faulty.so exec "$E4ZERO" "\$@"
END
chmod +x faulty
export E4ZERO=$tmp/faulty
run_e4zero 4 --json image
same skipped "$(records skipped ino why)" '12 the directory cannot be read completely; names are missing'
for shards in 2 5; do
	for kinds in stale-tail opaque; do
		how=$(python3 "$srcdir/tests/cli/shard/compare.py" image $shards --only $kinds) || fail "$shards shards, $kinds"
		[ "$how" = merged ] || fail "$how"
	done
done

# where blocks are claimed twice the shards may read different directories: the image decides
printf 'mkdir late\nmkdir later\nsif late block[0] %d\nsif later block[0] %d\n' "$block" "$block" | debugfs_script image
how=$(python3 "$srcdir/tests/cli/shard/compare.py" image 2) || fail 'directories with the same block'
[ "$how" = 'checked again' ] || fail "directories with the same block: $how"
