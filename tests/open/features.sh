#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Features that e4zero does not know are refused by name, those that forbid writing only by edits; nothing is written.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"
. "$srcdir/tests/images/recipes.sh"

requires mke2fs
requires debugfs
try() {
	make_ext fs.img 8M
	debugfs -w -R "feature $1" fs.img 2>&1 | grep -Eq "features:.* $1( |$)" || fail "debugfs: $1"
	remember_image fs.img
	refuses "feature $1 " fs.img
	image_unchanged fs.img
}
for f in FEATURE_I20 FEATURE_I31 compression dirdata; do
	try $f
done
make_ext fs.img 8M
debugfs -w -R 'feature FEATURE_C20' fs.img >/dev/null 2>&1
opens fs.img

# what any kernel mounts read-only is checked: stale_image has two findings
for f in FEATURE_R17 FEATURE_R31 replica; do
	stale_image fs.img
	debugfs_script fs.img <<<"feature $f"
	remember_image fs.img
	run_e4zero 4 --json fs.img
	grep -q "\"features\":\[[^]]*\"$f\"" out || fail "$f is not listed"
	same findings "$(kinds | wc -l)" 2
	for edit in --fix '--truncate 1 /tail' '--convert hole' --replay; do
		# shellcheck disable=SC2086 # a verb with its arguments
		set -- $edit
		refuses "feature $f " "${@:1:2}" fs.img "${@:3}"
	done
	image_unchanged fs.img
done
