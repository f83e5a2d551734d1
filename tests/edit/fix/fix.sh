#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix scrubs what --check finds, and nothing else: content, sizes and times stay, e2fsck is silent, --check finds
# nothing, and a second --fix writes nothing.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# what must stay: the inodes' dump, less what a fix may change (blocks and extents), and the content
facts() {
	local file
	for file in /file /small /tail; do
		debugfs -R "stat $file" "$1" 2>/dev/null |
			grep -vE 'Blockcount|BLOCKS|EXTENTS|TOTAL|^\(|checksum'
		debugfs -R "cat $file" "$1" 2>/dev/null | sha256sum
	done
}

# stain IMAGE: a stale tail in /small, one in /tail with two blocks past EOF
stain() {
	debugfs_script "$1" <<<'write ten tail'
	# debugfs does not count for the quota
	e2fsck -fy "$1" >e2fsck.out 2>&1 || [ $? = 1 ] || fail "e2fsck: $(cat e2fsck.out)"
	debugfs_script "$1" <<<'sif tail size 3000'
	poke "$1" "$(debugfs -R 'bmap /small 0' "$1" 2>/dev/null)" 100 secret
}

# poke IMAGE BLOCK OFFSET TEXT
poke() {
	printf %s "$4" | dd of="$1" bs=1 seek=$(($2 * 4096 + $3)) conv=notrunc status=none
}

broad kinds 2 extent ^extent,^64bit ^has_journal ^metadata_csum quota
for features in "${kinds[@]}"; do
	edit_image image -O "$features"
	stain image
	facts image >before
	run_e4zero 4 --json --check image
	same 'findings' "$(field findings summary)" 3
	remember_image image
	run_e4zero 0 --json --fix --dry-run image
	same 'dry run, fixed' "$(field fixed summary)" 0
	image_unchanged image
	run_e4zero 0 --json --fix image
	same "fixed with $features" "$(field fixed summary)" 3
	same 'each finding' "$(field fixed finding)" "$(printf 'true\ntrue\ntrue')"
	same 'left' "$(field left summary)" 0
	facts image >after
	cmp before after || fail "$features: $(diff before after)"
	sound image
	! grep -aq secret image || fail "$features: the tail is still there"
	remember_image image
	run_e4zero 0 --json --fix --trace-io trace image
	same 'findings of the second one' "$(field findings summary)" 0
	[ ! -s trace ] || fail "the second one wrote: $(cat trace)"
	rm -f trace
	image_unchanged image
done

# only one kind, only one file
edit_image image
stain image
run_e4zero 0 --json --fix --only post-eof-data,post-eof-zero image
same 'one kind' "$(field fixed summary)" 1
run_e4zero 0 --json --fix image /small
same 'one file' "$(field fixed summary)" 1
run_e4zero 4 --json image
same 'what was not asked for' "$(field kind finding) $(field path finding)" 'stale-tail /tail'

# what cannot be fixed is named, the rest is done
edit_image image
stain image
debugfs_script image <<<'sif file block[0] 7'
run_e4zero 4 --json --fix image
same 'left' "$(field left summary)" 1
same 'fixed' "$(field fixed summary)" 3
same 'the reason' "$(jq -r 'select(.type == "finding" and .fixed == false) | .why' out)" 'an extent header is corrupt'

# zeroes that are a hole of the host's file are written bytes, too: something was done, and the log's superblock says so
edit_image image
debugfs_script image <<<'fallocate empty 0 3'
poke image "$(debugfs -R 'bmap /empty 1' image 2>/dev/null | grep -oE '^[0-9]+')" 10 residue
run_e4zero 0 --fix --paranoid --trace-io trace image
same 'what was done' "$(sed -E 's/ [0-9]+ / /' trace)" "$(printf 'write 512  # log-super\nzero 4096  # data\nflush  # data')"
grep -q '1 barrier, 4608 bytes written' out || fail "what was zeroed is not reported: $(cat out)"
! grep -aq residue image || fail 'the residue is still there'
