#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A truncate to the size that a file has changes no byte, unless something lies past its end: that goes, and the
# second time there is nothing to do.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# noop FILE SIZE
noop() {
	remember_image image
	rm -f trace
	run_e4zero 0 --fsck-codes --truncate "$2" --undo undo --trace-io trace image "$1"
	grep -q ': nothing to do$' out || fail "$1: $(cat out)"
	image_unchanged image
	[ ! -s trace ] || fail "$1: written: $(cat trace)"
	[ ! -e undo ] || fail "$1: an undo file without content"
}

edit_image image -O inline_data
noop /file 10000
noop /small 100
noop /empty 0
edit_image image -O ^extent,^64bit,^has_journal
noop /file 10000
noop /empty 0

# a tail; then blocks past EOF, written and unwritten
edit_image image
debugfs_script image <<<'sif file size 9999'
run_e4zero 1 --fsck-codes --truncate 9999 image /file
sound image
noop /file 9999
debugfs_script image <<<'sif file size 4096'
run_e4zero 1 --fsck-codes --truncate 4096 image /file
sound image
noop /file 4096
debugfs_script image <<<'fallocate empty 0 3'
run_e4zero 0 --json --truncate 0 image /empty
same 'blocks freed' "$(field blocks_freed edit)" 4
sound image
noop /empty 0
