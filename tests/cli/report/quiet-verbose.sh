#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# -q prints nothing but errors; without it there is a summary line; -v lists what was skipped.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

stale_image image
run_e4zero 4 -q image
[ ! -s out ] || fail "-q prints: $(cat out)"
[ ! -s err ] || fail "-q says: $(cat err)"
run_e4zero 8 -q missing
[ -s err ] || fail '-q hides an error'
run_e4zero 4 image
same 'summary line' "$(tail -n 1 out)" 'image: 2 findings (7288 stale bytes) in 3 files'
run_e4zero 0 image /clean
same 'summary line' "$(cat out)" 'image: 0 findings (0 stale bytes) in 1 file'

# a deleted inode that an open file held: links 0, still in use
debugfs_script image <<<'sif clean links_count 0'
run_e4zero 4 image
! grep -q '^skipped' out || fail 'skipped inodes are listed without -v'
grep -q ', 1 skipped$' out || fail "skipped inodes are not counted: $(tail -n 1 out)"
run_e4zero 4 -v image
same 'skipped rows' "$(grep -c '^skipped' out)" 1

# -v shows bytes of the first findings, a line of sixteen as hexdump -C has it; only up to the last one
stale_image shown
run_e4zero 4 -v shown
grep -qF '/tail, byte 5000:' out || fail "no bytes: $(cat out)"
grep -qF '  00001388  78 78 78 78 78 78 78 78  78 78 78 78 78 78 78 78  |xxxxxxxxxxxxxxxx|' out || fail "$(cat out)"
run_e4zero 4 -vJ shown
[ "$(jq -r 'select(.path == "/tail") | .bytes_hex' out)" = "$(printf '78%.0s' {1..48})" ] || fail "$(cat out)"
run_e4zero 4 -J shown
! grep -q bytes_hex out || fail 'bytes without -v'
