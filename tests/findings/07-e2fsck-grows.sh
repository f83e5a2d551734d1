#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 7: e2fsck, even with -p, raises the size of a file over written blocks past EOF; after --fix it has none to raise.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image
debugfs_script image <<<'sif file size 1000'
cp image other
e2fsck -fp image >log 2>&1
debugfs -R 'stat /file' image 2>/dev/null | grep -q 'Size: 12288' || fail "e2fsck -p did not raise the size: $(cat log)"
debugfs -R 'dump /file got' image >log 2>&1
head -c 10000 got | cmp - ten || fail 'other bytes came into sight'

run_e4zero 4 --json --check other
jq -se 'any(.[]; .kind == "post-eof-data" and .e2fsck == "would-grow")' out >/dev/null || fail "$(cat out)"
run_e4zero 0 --fix other
sound other
head -c 1000 ten >want
holds other /file want
