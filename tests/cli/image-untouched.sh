#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --check never changes a byte, a time or the length of an image, whatever the options and the outcome.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

stale_image image
debugfs_script image <<<'sif clean links_count 0'
facts() {
	stat -c '%s %b %Y %Z %y' image
}
remember_image image
before=$(facts)
for options in '' --force --json '-v --paranoid' '-q -j 3' '--only stale-tail' --fsck-codes; do
	# shellcheck disable=SC2086 # words
	run_e4zero 4 $options image
	image_unchanged image
	same "facts after '$options'" "$(facts)" "$before"
done
run_e4zero 8 image /missing
run_e4zero 16 image --bogus
image_unchanged image
same 'facts after refusals' "$(facts)" "$before"
