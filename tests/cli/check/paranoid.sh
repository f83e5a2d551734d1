#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --paranoid finds residue under unwritten blocks and after a symbolic link's target; without it they are no findings.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq
make_image image 16M
target=$(printf 'x%.0s' {1..100})
: >none
debugfs_script image <<-END
	write none unwritten
	fallocate unwritten 0 3
	sif unwritten size 16384
	symlink link $target
END
block=$(physical image unwritten 2)
[ -n "$block" ] || fail 'debugfs fallocate allocated nothing'
pollute image $((block * 4096 + 10)) residue
block=$(physical image link 0)
[ -n "$block" ] || fail 'the symbolic link has no block'
pollute image $((block * 4096 + 200)) slack
remember_image image

run_e4zero 0 image
run_e4zero 4 --json --paranoid image
same kinds "$(kinds)" "/unwritten unwritten-residue
/link symlink-slack"
same nonzero "$(records finding nonzero | tr '\n' ' ')" '7 5 '
# a kind that is named is looked for
run_e4zero 4 --json --only symlink-slack image
same 'one kind' "$(kinds)" '/link symlink-slack'
image_unchanged image
