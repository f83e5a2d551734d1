#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all in blocks of static metadata that somebody reads: padding of bitmaps becomes ones, what a descriptor reserves and
# what follows a string in the superblock becomes zeroes, with the checksums; and what a hider puts there is gone.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

kinds=(bitmap-slack super-slack desc-slack reserved-gdt)
for layout in '21M -b 1024' '61M -b 4096 -g 2048' '61M -b 4096 -O uninit_bg,^metadata_csum -g 2048' \
	'21M -b 1024 -O ^metadata_csum,^uninit_bg,^64bit' '96M -b 4096 -O meta_bg,^resize_inode -g 1024' \
	'61M -b 4096 -O bigalloc -C 16384' '97M -b 1024 -O bigalloc -C 4096 -g 4096'; do
	canary_image image "$layout"
	run_e4zero 0 --json --fix --all image
	fixed_bytes --hide image "${kinds[@]}"
	run_e4zero 4 --json --check --all image
	while read -r kind bytes stale; do
		same "bytes of $kind in $layout" "$(class "$kind" bytes)" "$bytes"
		same "stale bytes of $kind in $layout" "$(class "$kind" stale_bytes)" "$stale"
	done < <(fixed_bytes image "${kinds[@]}")
	adds_up image
	grep -aq CANARY image || fail "$layout: nothing is hidden"
	run_e4zero 0 --json --fix --all image
	same "left of what was hidden in $layout" "$(fixed_bytes image "${kinds[@]}" | awk '$3 != 0')" ''
	! grep -aq CANA image || fail "$layout: it is still there"
	sound image
	run_e4zero 0 --json --check --all image
	holds image /ten tree/ten /dir/large tree/dir/large
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
done

# an old label in a copy becomes the one of today; a copy that is not valid is left, and said to be
for features in metadata_csum ^metadata_csum; do
	rm -f image
	make_image image 24M -b 1024 -O "$features" -L OLDLABEL
	tune2fs -L NEW -M /new image >tune2fs.log 2>&1
	printf OLDLABEL | dd of=image bs=1 seek=$((8193 * 1024 + 0x78)) conv=notrunc status=none
	printf '/old/place' | dd of=image bs=1 seek=$((8193 * 1024 + 0x88)) conv=notrunc status=none
	cp image lying
	fixed_bytes --hide image
	run_e4zero 4 --json --check --only super-slack image
	same "the copy with $features" "$(records finding kind group pblk nonzero fixable)" 'super-slack 1 8193 17 true'
	run_e4zero 0 --json --fix --only super-slack image
	run_e4zero 0 --json --check --only super-slack image
	same "the label of the copy with $features" "$(dumpe2fs -h -o superblock=8193 image 2>/dev/null | sed -n 's/^\(Filesystem volume name\|Last mounted on\): *//p' | xargs)" 'NEW /new'
	sound image
	[ "$features" = metadata_csum ] || continue
	remember_image lying
	for verb in check fix; do
		run_e4zero 4 --json "--$verb" --all lying
		same "--$verb of a copy that is not valid" "$(records finding kind group pblk nonzero fixable why)" \
			'super-slack 1 8193 0 false the copy of the superblock is not valid'
	done
	image_unchanged lying
done

# entries of the orphan file while it is empty: they are no finding of e2fsck's alone
for features in orphan_file,^metadata_csum orphan_file; do
	make_image image 24M -b 1024 -O "$features"
	block=$(debugfs -R "bmap <$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Orphan file inode: *//p')> 1" image 2>/dev/null)
	before=$(dd if=image bs=1024 skip="$block" count=1 status=none | cksum)
	printf '\x10\0\0\0CANA' | dd of=image bs=1 seek=$((block * 1024 + 40)) conv=notrunc status=none
	python3 - "$srcdir/tests/witness" "$block" <<-'END'
		import struct, sys
		sys.dont_write_bytecode = True
		sys.path.insert(0, sys.argv[1])
		import imgfmt
		fs, block = imgfmt.Image('image'), int(sys.argv[2])
		if fs.csum:
		    seed = imgfmt.crc32c(fs.inode_seed(fs.sound_inode(fs.orphan_ino)), struct.pack('<Q', block))
		    with open('image', 'r+b') as f:
		        f.seek((block + 1) * 1024 - 4)
		        f.write(struct.pack('<I', imgfmt.crc32c(seed, fs.block(block)[:1016])))
	END
	run_e4zero 4 --json --check --all image
	same "found with $features" "$(records finding kind pblk blocks nonzero fixable)" "orphan-file-slack $block 1 5 true"
	same "its class with $features" "$(class orphan-file-slack stale_bytes)" 5
	run_e4zero 0 --json --fix --all image
	same "the block with $features" "$(dd if=image bs=1024 skip="$block" count=1 status=none | cksum)" "$before"
	sound image
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
done
