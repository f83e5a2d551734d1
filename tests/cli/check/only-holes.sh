#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A copy of nothing but metadata: what says so of itself is refused by name, and of one that does not (e2image -r) a note
# says that a check proves nothing, quiet or not.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires e2image
requires jq
: >probe
truncate -s 1M probe
[ "$(stat -c %b probe)" = 0 ] || skip 'files have no holes here'

says='proves nothing'
for size in 1024 4096; do
	rm -f image copy.*
	truncate -s 16M image
	mke2fs -q -F -t ext4 -b $size image
	head -c $size /dev/zero | tr '\0' x >one
	debugfs_script image <<-'END'
		write one tail
		sif tail size 500
	END
	run_e4zero 4 -q image
	same 'stderr' "$(cat err)" ''
	e2image -r image copy.raw >/dev/null 2>&1 || fail 'e2image -r'
	for how in '' -q --json '-q -j 4' '-q --fix'; do
		# shellcheck disable=SC2086 # options
		run_e4zero 0 $how copy.raw
		grep -q "$says" err || fail "$how: $(cat err)"
		# shellcheck disable=SC2086 # options
		run_e4zero 0 $how copy.raw /tail
		grep -q "$says" err || fail "$how /tail: $(cat err)"
	done
	run_e4zero 0 --json copy.raw
	same only_holes "$(records summary only_holes)" true

	e2image image copy.e2i >/dev/null 2>&1 || fail e2image
	e2image -Q image copy.qcow >/dev/null 2>&1 || fail 'e2image -Q'
	remember_image copy.e2i copy.qcow
	run_e4zero 8 copy.e2i
	grep -q 'metadata image of e2image' err || fail "$(cat err)"
	# opened like any other qcow2 image, and as empty as the raw copy
	if type -P qemu-img >/dev/null; then
		run_e4zero 0 copy.qcow
		grep -q "$says" err || fail "$(cat err)"
	fi
	image_unchanged copy.e2i copy.qcow
done
# with the data it proves something
e2image -ra image copy.all >/dev/null 2>&1 || fail 'e2image -ra'
run_e4zero 4 -q copy.all
same 'stderr' "$(cat err)" ''
# nor is a file system without files such a copy
make_image empty 16M
run_e4zero 0 -q empty
same 'stderr' "$(cat err)" ''

printf 'partclone-image0002' >clone
truncate -s 1M clone
run_e4zero 8 clone
grep -q 'this is a partclone image' err || fail "$(cat err)"
