#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Looking at an image leaves its time of access as it was, where the host lets its owner ask for that.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

stale_image image
cp image other
touch -a -d '2001-02-03 04:05:06' image other
was=$(stat -c %X image)
# a read without O_NOATIME shows whether this host keeps such times at all
head -c 1 other >/dev/null
[ "$(stat -c %X other)" != "$was" ] || skip 'this host keeps no times of access'
for words in '4 --check image' '0 --map image /tail' '0 -n --truncate 0 image /tail' '0 -n --fix image'; do
	# shellcheck disable=SC2086 # words
	run_e4zero $words
	same "after $words" "$(stat -c %X image)" "$was"
done
