#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 8: of one written block that begins at EOF e2fsck says nothing; --check reports it, and --fix hides it.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

for size in 4096:0-1 8192:0-2; do
	edit_image image
	head -c $((${size%:*} + 4096)) /dev/zero | tr '\0' x >blocks
	debugfs_script image <<-END2
		write blocks blind
		sif blind size ${size%:*}
	END2
	e2fsck -fn image >log 2>&1 || fail "e2fsck saw it: $(cat log)"
	run_e4zero 4 --json --check image
	same "$size" "$(rows finding kind e2fsck nonzero)" '["post-eof-data","blind",4096]'
	run_e4zero 0 --fix image
	sound image
	# so that growing shows zeroes
	run_e4zero 0 --truncate $((${size%:*} + 4096)) image /blind
	{ head -c "${size%:*}" blocks; head -c 4096 /dev/zero; } >want
	holds image /blind want
done
