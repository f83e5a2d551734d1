#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Features that e4zero does not know are refused by name; nothing is written.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires debugfs
try() {
	make_ext fs.img 8M
	debugfs -w -R "feature $1" fs.img 2>&1 | grep -Eq "features:.* $1( |$)" || fail "debugfs: $1"
	remember_image fs.img
	refuses "feature $1 " fs.img
	image_unchanged fs.img
}
for f in FEATURE_I20 FEATURE_I31 FEATURE_R17 FEATURE_R31 compression dirdata replica; do
	try $f
done
make_ext fs.img 8M
debugfs -w -R 'feature FEATURE_C20' fs.img >/dev/null 2>&1
opens fs.img
