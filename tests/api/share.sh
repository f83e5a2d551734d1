#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two images in two threads at once are edited as one after the other; a process that forks keeps its image, and a child
# can open others.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
share=$builddir/tests/api/share
[ -x "$share" ] || skip 'tests/api/share is not built'

edit_image image
debugfs_script image <<<'sif small size 50'
for copy in alone one two; do
	cp --sparse=always image "$copy"
done
"$share" threads alone >wanted || fail 'one thread'
[ "$(<wanted)" -gt 0 ] || fail 'nothing was found'
"$share" threads one two >found || fail 'two threads'
cat wanted wanted | diff - found || fail 'the findings are not those of one thread'
for file in /file /small; do
	debugfs -R "dump $file want" alone 2>dump.log && [ -s want ] || fail "dump $file: $(cat dump.log)"
	holds one "$file" want
	holds two "$file" want
done
sound alone one two

# the commit comes after the fork; a program that the process starts gets no descriptor of the image
"$share" fork image alone >descriptors || fail 'fork'
grep -q ' -> ' descriptors || fail 'no descriptors'
! grep 'image$' descriptors || fail 'a program inherits the image'
holds image /file <(printf forked; tail -c +7 ten)
