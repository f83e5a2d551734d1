#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 10: no tool of e2fsprogs reports a tail that is not zero, nor does zerofree; --check does.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image
debugfs_script image <<<'sif small size 50'
remember_image image
e2fsck -fn image >log 2>&1 || fail "e2fsck saw it: $(cat log)"
! grep -qiE 'tail|fix\?|stale' log || fail "e2fsck spoke of it: $(cat log)"
if command -v zerofree >/dev/null; then
	cp image other
	zerofree other >log 2>&1 || fail "zerofree: $(cat log)"
	run_e4zero 4 --check other
fi
if command -v blkls >/dev/null; then
	# it prints every tail whole, and names no file
	blkls -s image | tr -d '\0' >slack
	same "bytes that blkls -s prints" "$(wc -c <slack)" 50
fi
image_unchanged image
run_e4zero 4 --json --check image
same 'finding' "$(rows finding kind path nonzero)" '["stale-tail","/small",50]'
