#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tail of an extended attribute's value in an inode of its own is zeroed in place: the value, the inode that holds it and its
# times, which are a hash and a count of references, stay as they are.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

for layout in '16M -b 1024 -O ea_inode' '16M -b 4096 -O ea_inode,^metadata_csum' '64M -b 4096 -O ea_inode,bigalloc -C 16384'; do
	canary_image image "$layout"
	bs=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Block size: *//p')
	# debugfs takes no more than a block, and a block of attributes has no room for these
	text value $((bs - 30)) 'a value '
	value=$(<value)
	debugfs -w -R 'ea_set -f value /ten user.large' image >debugfs.log 2>&1
	# debugfs does not add the value to i_blocks of the file that has it
	e2fsck -fy image >e2fsck.log 2>&1
	run_e4zero 0 --fix --all image
	ino=$(for ((i = 12; i < 300; i++)); do echo "stat <$i>"; done | debugfs -f - image 2>/dev/null |
		sed -n 's/^Inode: \([0-9]*\) .*Flags: 0x280000$/\1/p')
	[ "$ino" ] || fail "$layout: no inode has the value"
	block=$(debugfs -R "bmap <$ino> 0" image 2>/dev/null)
	printf CANARY | dd of=image bs=1 seek=$(((block + 1) * bs - 6)) conv=notrunc status=none
	debugfs -R "inode_dump <$ino>" image >slot 2>/dev/null
	remember_image image
	run_e4zero 0 --check image
	for how in --paranoid --all; do
		run_e4zero 4 --json --check $how image
		same "found by $how in $layout" "$(records finding kind ino lblk nonzero fixable)" "stale-tail $ino 0 6 true"
	done
	adds_up image
	image_unchanged image
	run_e4zero 0 --fix --paranoid image
	run_e4zero 0 --check --all image
	same "the slot in $layout" "$(debugfs -R "inode_dump <$ino>" image 2>/dev/null)" "$(<slot)"
	debugfs -R 'ea_get -f got /ten user.large' image >debugfs.log 2>&1
	same "the value in $layout" "$(<got)" "$value"
	sound image
done
