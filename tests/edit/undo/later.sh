#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What came after an edit makes --undo-apply refuse to take that edit back, though it was in the same second, left the
# superblock alone, or wrote only what nobody sees. Undone in turn, and gone on with after it was cut short, an undo works.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3
# one second, as seen from the edits
export E2FSPROGS_FAKE_TIME=1900000000

# later_image IMAGE [mke2fs options]: /victim is for the first edit, the others for each later one
later_image() {
	edit_image "$@"
	debugfs_script "$1" <<-'END2'
		write ten victim
		write ten stale
		write ten frag
		write empty zeros
		fallocate zeros 0 2
		sif zeros size 12288
		sif stale size 9000
		fallocate empty 0 2
		sif empty size 12288
	END2
	run_e4zero 0 --convert written "$1" /zeros
}

# edited [SPEC]: the first edit, with an undo file; the state before is in before, the one after in after
edited() {
	cp --sparse=always image before
	rm -f undo
	run_e4zero 0 --zero-range -o 4096 -l 4096 --undo undo "${1:-image}" /victim
	cp --sparse=always image after
}

# refused_later WHAT [SPEC]
refused_later() {
	! cmp -s image after || fail "$1: nothing was edited"
	cp --sparse=always image later
	run_e4zero 8 --undo-apply undo "${2:-image}"
	cmp image later || fail "$1: refused, but changed"
	same "messages after $1" "$(grep -c '^e4zero: ' err)" 1
	grep -q 'the file system was changed after the edit' err || fail "$1: $(cat err)"
}

verbs=(
	'--zero-range -o 4096 -l 4096 image /file' '--write-zeroes -o 100 -l 5000 image /file'
	'--punch-hole -o 4096 -l 4096 image /file' '--allocate -o 40960 -l 8192 image /file'
	'--collapse-range -o 4096 -l 4096 image /file' '--insert-range -o 4096 -l 4096 image /file'
	'--truncate 5000 image /file' '--write -o 10 --from small image /file'
	'--write -o 10 --data ordered --from small image /file' '--convert written image /empty'
	'--convert unwritten image /zeros' '--convert hole image /zeros' '--fix image' '--fix --paranoid image'
)
broad kinds 1 metadata_csum ^metadata_csum ^has_journal ^has_journal,^metadata_csum
for features in "${kinds[@]}"; do
	later_image image -O "$features"
	edited
	for verb in "${verbs[@]}"; do
		# without a journal the checksum of the superblock keeps it from being marked by one sector
		[ "$features ${verb:0:5}" != '^has_journal --fix' ] || continue
		cp --sparse=always after image
		read -ra words <<<"$verb"
		run_e4zero 0 "${words[@]}"
		refused_later "$features: $verb"
	done

	# another edit, undone, and then the first one
	cp --sparse=always after image
	rm -f second
	run_e4zero 0 --truncate 3000 --undo second image /file
	refused_later "$features: another edit"
	run_e4zero 0 --undo-apply second image
	cmp image after || fail "$features: the second edit is not undone"
	run_e4zero 0 --undo-apply undo image
	cmp image before || fail "$features: the first edit is not undone"

	# an undo that a crash left anywhere
	for seed in 1 2; do
		python3 - $seed <<-'END2' || fail 'mixing'
			import random, sys
			random.seed(int(sys.argv[1]))
			before, after = open("before", "rb").read(), bytearray(open("after", "rb").read())
			for at in range(0, len(after), 512):
			    if after[at:at + 512] != before[at:at + 512] and random.random() < 0.5:
			        after[at:at + 512] = before[at:at + 512]
			open("image", "wb").write(after)
		END2
		run_e4zero 0 --undo-apply undo image
		cmp image before || fail "$features: cut short, and gone on with"
	done
done

# what a zero-range hides a fix wipes: nothing is left to be shown again
later_image image
rm -f undo
run_e4zero 0 --zero-range -o 0 -l 8192 --undo undo image /frag
cp image after
run_e4zero 0 --fix --paranoid --only unwritten-residue image
refused_later 'wiping what was hidden'

# of all kinds of logs the superblock is marked as they want it
broad kinds 1 '' '-c -v 2' '-c -v 3'
for csum in "${kinds[@]}"; do
	later_image image
	[ -z "$csum" ] || debugfs_script image <<-END2
		jo $csum
		jw -b $(physical image /file 1) ten
		jc
	END2
	run_e4zero 0 --replay image
	sequence=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Journal sequence: *//p')
	run_e4zero 0 --fix --only stale-tail image
	same "the log's number $csum" "$(($(dumpe2fs -h image 2>/dev/null | sed -n 's/^Journal sequence: *//p')))" $((sequence + 1))
	e2fsck -fn image >e2fsck.out 2>&1 || fail "e2fsck $csum: $(cat e2fsck.out)"
	cp image once
	run_e4zero 0 --fix --only stale-tail image
	cmp image once || fail 'the second fix wrote'
done

# somewhere in a larger image
later_image part
truncate -s 20M image
dd if=part of=image bs=512 seek=2049 conv=notrunc,sparse status=none
edited "image?offset=$((2049 * 512))"
run_e4zero 0 --truncate 0 "image?offset=$((2049 * 512))" /file
refused_later 'at an offset' "image?offset=$((2049 * 512))"

# the table itself
later_image image
edited
python3 - <<'END2'
f = open("undo", "r+b")
f.seek(-2, 2)
b = f.read(1)[0]
f.seek(-2, 2)
f.write(bytes([b ^ 1]))
END2
untouched 8 'the undo file is corrupt: the table of the state after the edit' image --undo-apply undo image

# much that is saved, and little after it: the end of the session finishes the file, not every commit
make_image image 64M
yes text | head -c 14000000 >big
yes news | head -c 14000000 >news
debugfs_script image <<<'write big big'
cp --sparse=always image before
printf 'write /big 0 from=news\ncommit\ntruncate /big 100\ncommit\ntruncate /big 50\n' >script
rm -f undo
run_e4zero 0 --script script --data ordered --undo undo image
same 'state of the undo file' "$(od -An -tu4 -j44 -N4 undo | tr -d ' ')" 1
run_e4zero 0 --undo-apply undo image
cmp image before || fail 'many commits: not what it was'
