#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Python module checks, edits and fixes, raises what fails and what callbacks raise, with each Python 3.9 to 3.13 there is.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
. "$srcdir/tests/python/module.sh"
requires sfdisk

truncate -s 40M disk
printf 'label: gpt\nsize=16M\nsize=16M\n' | sfdisk -q disk || fail 'sfdisk'
for start in 2048 34816; do
	mke2fs -q -F -t ext4 -E offset=$((start * 512)) disk 16M 2>/dev/null || fail 'mke2fs'
done
pythons=()
for python in python3 python3.9 python3.10 python3.11 python3.12 python3.13; do
	# a launcher may be there without its version
	command "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null && pythons+=("$python")
done
[ ${#pythons[@]} -gt 0 ] || skip 'no Python from 3.9 on'
for python in "${pythons[@]}"; do
	rm -f undo
	edit_image image
	debugfs_script image <<<'sif small size 50'
	command "$python" -W error "$srcdir/tests/python/use.py" >out 2>&1 || fail "$("$python" --version): $(cat out)"
	{ head -c 8192 /dev/zero | tr '\0' w; tail -c +8193 ten; } >want
	printf between | dd of=want bs=1 seek=100 conv=notrunc status=none
	dd if=/dev/zero of=want bs=4096 seek=1 count=1 conv=notrunc status=none
	holds image /file want
	head -c 5 /dev/zero >want
	holds image /empty want
	head -c 50 small >want
	holds image /small want
	sound image
	command "$python" -c 'import e4zero; assert e4zero.undo("image", "undo").bytes_written' || fail 'undo'
	holds image /file ten
done
echo "with $(for python in "${pythons[@]}"; do command "$python" --version; done | sort -u | xargs)"
