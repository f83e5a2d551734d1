#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Finding 11: e2fsck unmaps unwritten blocks past EOF, and data with them, where the tree has two levels or more and EOF
# lies left of its last index; --check reports just these, and after --fix e2fsck has nothing to unmap.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# deep PIECES: /file has so many unwritten blocks, a hole before each; blocks of 1 KiB
deep() {
	rm -f image
	truncate -s 64M image
	mke2fs -q -F -t ext4 -b 1024 -O ^has_journal,^metadata_csum image || fail mke2fs
	debugfs_script image <<<'write /dev/null file'
	for ((k = 0; k < $1; k++)); do
		echo "allocate /file $((2048 * (k + 5))) 1024"
	done >script
	run_e4zero 0 -q --script script image
}

# judged BLOCKS: /file ends with so many blocks; e2fsck's verdict and ours are the same one
judged() {
	local theirs=no ours=no
	debugfs_script image <<<"sif file size $(($1 * 1024 - ($1 > 0) * ${2:-0}))"
	! e2fsck -fn image 2>&1 | grep -q 'end of extent exceeds allowed value' || theirs=yes
	"$E4ZERO" --json --check --only post-eof-unwritten image >out 2>err
	[ $? != 4 ] || ours=yes
	same "EOF at block $1" "$ours" "$theirs"
	python3 "$srcdir/tests/witness/witness.py" image | jq -c 'select(.kind == "post-eof-unwritten") | [.lblk, .pblk, .blocks]' >witness
	rows finding lblk pblk blocks | diff - witness ||
		fail "EOF at block $1: the witness has another finding"
	verdicts+=$ours
}

for pieces in 300 400 1000; do
	deep $pieces
	debugfs -R 'ex /file' image 2>/dev/null >tree
	# the first block of every leaf and of every index node
	mapfile -t starts < <(awk 'NR > 1 { sub(/^ *[0-9]+\/ *[0-9]+ +[0-9]+\/ *[0-9]+ +/, ""); if ($0 !~ /Uninit/) print $1 }' tree | sort -nu)
	[ ${#starts[@]} -gt 3 ] || fail "no tree: $(head -5 tree)"
	verdicts=
	for start in 0 1 2 "${starts[@]:0:2}" "${starts[@]: -3}"; do
		for off in -1 0 1; do
			[ $((start + off)) -lt 0 ] || judged $((start + off)) 5
		done
	done
	judged $((pieces * 2 + 9)) 0
	judged $((pieces * 2 + 20)) 0
	[[ $verdicts = *no* ]] || fail "$pieces pieces: always out of bounds"
	[[ $pieces = 300 || $verdicts = *yes* ]] || fail "$pieces pieces: never out of bounds"
done

# data before EOF that e2fsck would take away, and what becomes of it after --fix
head -c 20480 /dev/zero | tr '\0' d >data
run_e4zero 0 --write --from data -o 10240 image /file
debugfs_script image <<<'sif file size 30720'
debugfs -R 'dump /file before' image >debugfs.log 2>&1
cp image other
e2fsck -fy other >e2fsck.out 2>&1
debugfs -R 'dump /file after' other >debugfs.log 2>&1
! cmp -s before after || fail 'e2fsck took nothing away: the finding has no reason'
run_e4zero 4 --json --check image
same kinds "$(kinds)" '/file post-eof-unwritten'
same fields "$(rows finding first last nonzero e2fsck fixable)" '[null,null,0,"would-clear",true]'
remember_image image
run_e4zero 0 --fix --dry-run image
image_unchanged image
run_e4zero 0 --json --fix image
same fixed "$(field fixed finding)" true
sound image
holds image /file before
remember_image image
run_e4zero 0 --fix image
image_unchanged image
