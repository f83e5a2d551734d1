#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix of a deep tree with written and unwritten blocks on both sides of EOF is done after one run, whatever is asked
# for: what cannot be left past EOF in such a tree is freed. e2fsck is content, and the content below EOF stays.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

# narrow COUNT LEAF INDEX NODES: the image "fresh", whose /file has no size yet
narrow() {
	local nodes data
	make_image fresh 16M -b 1024 -O ^metadata_csum,uninit_bg,^64bit
	head -c "$(($4 * 1024))" /dev/zero | tr '\0' n >nodes
	head -c "$(($1 * 1024))" /dev/zero | tr '\0' x >data
	debugfs_script fresh <<-'END'
		write data file
		write nodes nodes
	END
	nodes=$(debugfs -R 'blocks nodes' fresh 2>/dev/null)
	data=$(debugfs -R 'blocks file' fresh 2>/dev/null)
	# shellcheck disable=SC2086 # words
	python3 "$srcdir/tests/edit/fix/narrow.py" fresh "$(ino_of fresh file)" ${data%% *} "$1" "$2" "$3" $nodes ||
		fail "narrow.py"
	# a block of zeroes among the written ones
	dd if=/dev/zero of=fresh bs=1024 seek=$((${data%% *} + $1 - 2)) count=1 conv=notrunc status=none
	# the nodes are the other file's no longer
	debugfs_script fresh <<-'END'
		sif nodes size 0
		sif nodes blocks 0
		sif nodes block[0] 0xf30a
		sif nodes block[1] 4
		sif nodes block[2] 0
		sif nodes block[3] 0
		sif nodes block[4] 0
		sif nodes block[5] 0
		sif file size 0
	END
}

# mended SIZE [OPTIONS...]
mended() {
	local size=$1
	shift
	cp fresh image
	debugfs_script image <<<"sif file size $size"
	debugfs -R 'dump file model' image 2>/dev/null
	run_e4zero 0 --fix "$@" image
	run_e4zero 0 --fix "$@" image
	grep -q 'nothing to do' out || fail "$size $*: the second run: $(tail -n 1 out)"
	holds image /file model
	[[ " $* " == *' --only '* ]] || "$E4ZERO" --check image >out || fail "$size $*: $(tail -n 2 out)"
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$size $*: $(cat e2fsck.out)"
}

narrow 340 68 3 7
e2fsck -fn fresh >e2fsck.out 2>&1 && fail 'e2fsck does not see the size'
grep -v 'could be narrower\|i_size is\|^$\|^Pass\|^fresh\|^e2fsck' e2fsck.out && fail 'it has another complaint'
broad sizes 2 1 173057 512 1024 1025 69632 208896 347000
for size in "${sizes[@]}"; do
	mended "$size"
	mended "$size" --paranoid
	mended "$size" --only post-eof-data
done

# of this one nothing may stay past EOF
narrow 1000 20 13 54
broad sizes 2 1 520000 20480 260000 793601
for size in "${sizes[@]}"; do
	mended "$size"
	mended "$size" --paranoid
done

# what e2fsck does to such a file is what is said of it: it grows where EOF is in the first block, is cut where it is not
narrow 340 68 3 7
for size in 1 1024 1025 300000; do
	cp fresh image
	debugfs_script image <<<"sif file size $size"
	run_e4zero 4 --json --check image
	said=$(jq -r 'select(.kind == "post-eof-data") | .e2fsck' out | sort -u)
	e2fsck -fy image >e2fsck.out 2>&1
	case $said in
	would-grow) grep -q "i_size is $size, should be [0-9]*\.  Fix? yes" e2fsck.out ;;
	would-clear) ! grep -q 'i_size is' e2fsck.out ;;
	*) false ;;
	esac || fail "$size: $said, but e2fsck: $(cat e2fsck.out)"
done
