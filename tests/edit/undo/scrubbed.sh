#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An undo file gives back a map to blocks that are free now: where these have been scrubbed since, it does not apply.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

for features in metadata_csum ^metadata_csum ^has_journal,^metadata_csum; do
	edit_image image -O "$features"
	run_e4zero 0 --undo undo --truncate 100 image /file
	cp image edited
	run_e4zero 0 --undo-apply undo image
	cp edited image
	run_e4zero 0 --fix --only free image
	remember_image image
	run_e4zero 8 --undo-apply undo image
	image_unchanged image
	rm undo
done
