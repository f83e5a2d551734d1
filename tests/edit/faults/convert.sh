#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --convert, in a range and of the whole image, and --fix, in which one thing fails: a read, a write, a barrier, an
# allocation, on a full host. Exit 8 and nothing was changed, or 12 (4 where something is left) and no file holds
# anything else than it held; running again ends it.
#
# It takes some of all the things that can fail; all of them with EVERY=1, which check-crash does.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/convert/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"
requires_judge

n=0 most=$([ -n "${EVERY-}" ] && echo 0 || echo 3)
faults() {
	n=$((n + 1))
	python3 "$srcdir/tests/edit/faults/faults.py" --most $most --first $n "$@" || exit 1
}

dirty_image image 4 1024 -O ^resize_inode -J size=1 -N 64
for to in written unwritten hole; do
	faults --again image -j 1 --convert $to work
	faults image --convert $to -o 12k -l 25k work /file
done

# tails, and a block past EOF
cp image stained
debugfs_script stained <<-END
	sif file size $((50 * 1024 + 7))
	sif plain size 9216
	sif kept size 10
END
faults --again stained -j 1 --fix work
