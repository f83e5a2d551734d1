#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Multiple mount protection: an edit that is killed leaves what a host leaves that crashed; the next one waits, and goes on.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/mmp/common.sh"

mmp_image image
text six 6000 $'line of text\n'
"$E4ZERO" --truncate 6000 image /file >out 2>err &
edit=$!
while [ "$(mmp_seq image)" = ff4d4d50 ]; do [ -d /proc/$edit ] || fail "it ended: $(cat err)"; done
kill -KILL $edit
wait $edit
[ "$(mmp_seq image)" != ff4d4d50 ] || fail 'the block is clean'
run_e4zero 0 --check image
grep -q 'note: multiple mount protection: the file system is in use, or was not unmounted' err || fail "$(cat err)"
run_e4zero 0 --truncate 6000 image /file
same 'how often it waited' "$(grep -c 'waiting 11 seconds' err)" 2
same 'the block' "$(mmp_seq image)" ff4d4d50
holds image /file six
sound image
