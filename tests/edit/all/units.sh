#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all in units of metadata: what no map, target or number takes of i_block, and entries of tree blocks that are not in
# use. --fix zeroes them in a transaction, with the checksums.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

# sparse FILE COUNT: COUNT blocks of 1 KiB with a hole after each
sparse() {
	local i
	for ((i = 0; i < $2; i++)); do
		printf 'block %d of many' $i | dd of="$1" bs=1024 seek=$((2 * i)) conv=notrunc status=none
	done
	truncate -s $((2 * $2 * 1024)) "$1"
}

sparse many 300
for features in metadata_csum ^metadata_csum ^metadata_csum,uninit_bg; do
	make_image image 24M -b 1024 -O "$features"
	text ten 10000 x
	printf '%s\n' 'write ten file' 'write many deep' 'mknod fifo p' 'mknod null c 1 3' 'symlink link target' \
		'punch deep 200 599' | debugfs_script image
	run_e4zero 4 --json --check --only extent-slack image
	same "of $features, extents that were cut off" "$(records finding kind path | sort -u)" 'extent-slack /deep'
	printf 'sif %s block[11] 0x4e414341\n' file deep fifo null link | debugfs_script image
	cp image before
	run_e4zero 0 image
	run_e4zero 4 --json --check --all image
	same "of $features" "$(records finding kind path | sort -u | grep iblock)" "$(printf 'iblock-slack /%s\n' deep fifo file link null)"
	same 'what is missing in the sum' "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	# more than these is in the root of the deep tree, which has been wider
	# what e2fsck takes for no special file is left
	same 'what is left' "$(records finding fixable path | grep false)" "$(printf 'false /%s\n' fifo null)"
	printf 'sif %s block[11] 0\nsif %s block[2] 0x4e414341\n' fifo fifo null null | debugfs_script image
	run_e4zero 4 --json --check --all image
	same 'their bytes' "$(records finding kind path nonzero | grep iblock | grep -v deep | cut -d' ' -f3 | tr '\n' ' ')" '4 4 4 4 '
	run_e4zero 0 --json --fix --all image
	summary fixed findings left
	# shellcheck disable=SC2154 # summary makes them
	same 'fixed' "$fixed $left" "$findings 0"
	sound image
	run_e4zero 0 --json --check --all image
	holds image /file ten
	same 'the device' "$(debugfs -R 'stat /null' image 2>/dev/null | grep -o 'major number.*')" \
		"$(debugfs -R 'stat /null' before 2>/dev/null | grep -o 'major number.*')"
	same 'the link' "$(debugfs -R 'stat /link' image 2>/dev/null | grep -o 'Fast link dest.*')" 'Fast link dest: "target"'
	same 'what is left of the deep file' "$(debugfs -R 'cat /deep' image 2>/dev/null | cksum)" \
		"$(debugfs -R 'cat /deep' before 2>/dev/null | cksum)"
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
	# no slack byte of the tree is there
	! grep -aq ACAN image || fail "$features: the bytes in i_block are still there"
done
