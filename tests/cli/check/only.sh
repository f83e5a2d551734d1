#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --only: other kinds are neither listed nor counted, and do not change the exit status.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq
stale_image image
run_e4zero 4 --json image
same 'all kinds' "$(kinds)" $'/tail stale-tail\n/past post-eof-data'
run_e4zero 4 --json --only stale-tail image
same 'one kind' "$(kinds)" '/tail stale-tail'
same 'its count' "$(records summary findings stale_bytes)" '1 3192'
run_e4zero 4 --json --only=post-eof-zero,post-eof-data image
same 'two kinds' "$(kinds)" '/past post-eof-data'
run_e4zero 0 --json --only post-eof-zero,unreadable image
same 'kinds that are not there' "$(kinds)" ''
same 'their count' "$(records summary findings stale_bytes)" '0 0'
run_e4zero 0 --only pending-truncate image
