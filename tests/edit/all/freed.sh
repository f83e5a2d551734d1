#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --fix --all frees itself is scrubbed by the same run: a check finds nothing, and a second run writes nothing.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

for features in ^extent,^64bit extent; do
	make_image image 24M -b 1024 -O "$features"
	text big 600000 $'a line that nobody is to see\n'
	printf '%s\n' 'write big file' 'sif file size 2000' | debugfs_script image
	run_e4zero 4 --json --check --all image
	same "kinds of $features" "$(records finding kind | sort -u | tr '\n' ' ')" 'post-eof-data stale-tail '
	run_e4zero 0 --json --fix --all image
	sound image
	run_e4zero 0 --json --check --all image
	adds_up image
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
done
