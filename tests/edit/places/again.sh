#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix --all reads again only what it found: a second one reads as much as a check, and writes nothing. Blocks that a
# transaction leaves in a zeroed log are cleared nevertheless.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

broad some 3 "${layouts[@]}"
for layout in "${some[@]}"; do
	canary_image image "$layout"
	echo 'rm /dir/large' | debugfs_script image
	[[ $layout != *quota* ]] || e2fsck -fy image >/dev/null 2>&1
	run_e4zero 4 --json --check --all image
	! records finding kind | grep -q '^journal$' || fail "$layout: the journal is not empty"
	# what is a hole is not read at all
	run_e4zero 0 --json --fix --all --holes never image
	summary transactions
	# shellcheck disable=SC2154 # summary makes it
	[ "$transactions" -gt 0 ] || fail "$layout: nothing went through the log"
	remember_image image
	run_e4zero 0 --json --check --all image
	summary bytes_read
	# shellcheck disable=SC2154
	checked=$bytes_read
	run_e4zero 0 --json --fix --all --trace-io trace image
	[ ! -s trace ] || fail "$layout: the second one wrote: $(head trace)"
	rm -f trace
	image_unchanged image
	summary bytes_read
	[ "$bytes_read" -le $((checked + checked / 20 + 65536)) ] ||
		fail "$layout: a check reads $checked bytes, a fix of nothing $bytes_read"
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$layout: e2fsck: $(cat e2fsck.out)"
done
