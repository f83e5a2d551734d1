#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --truncate gives a file its size, down and up, by path, number and symbolic link, with every kind of map: what is
# kept is kept, what is new reads zero although the disk held old bytes there, and e2fsck is silent.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# to SIZE ARGUMENTS...: truncate /file in image and in its model
to() {
	local bytes=$1
	shift
	run_e4zero 0 --truncate "$@"
	truncate -s "$bytes" model
	holds image /file model
	sound image
}

broad kinds 2 extent ^extent,^64bit ^extent,^64bit,^has_journal extent,inline_data ^metadata_csum
for features in "${kinds[@]}"; do
	edit_image image -O "$features"
	cp ten model
	to 5000 5000 image /file
	to 9000 9000 image /file
	# bytes that the first one left past EOF are gone for good
	! cmp -s ten model || fail 'the model is wrong'
	to 4096 4096 image /link
	to 1048576 1M image "<$(ino_of image /file)>"
	to 3 3 --data ordered image /file
	to 0 0 image /file
	to 12288 0x3000 image /file
done

# stale bytes that were there before come into nobody's sight: a tail, and blocks past EOF
edit_image image
cp ten model
debugfs_script image <<<'sif file size 3000'
truncate -s 3000 model
run_e4zero 4 image
to 10000 10000 image /file
debugfs_script image <<<'sif file size 0'
truncate -s 0 model
to 12000 12000 image /file

# bigalloc frees by the cluster
make_image image 64M -O bigalloc -C 16384
debugfs_script image <<<'write ten file'
cp ten model
to 4097 4097 image /file
to 40000 40000 image /file
to 1 1 image /file

# a size past 2 GiB is a feature, and the first revision has none
rm image
truncate -s 16M image
mke2fs -q -F -t ext2 -r 0 image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
debugfs_script image <<<'write ten file'
run_e4zero 0 --truncate 3G image /file
sound image

# a block of pointers that has none goes with what is past the end, also where nothing else does
edit_image idle -O ^extent,^64bit
debugfs_script idle <<-'END2'
	setb 3000
	zap_block 3000
	sif file block[IND] 3000
	sif file blocks 32
END2
e2fsck -fy idle >e2fsck.out 2>&1
sound idle
for size in 10000 5000 0; do
	cp idle image
	head -c $size ten >model
	to $size $size image /file
	same "sectors of $size bytes" "$(debugfs -R 'stat file' image 2>/dev/null | sed -n 's/.*Blockcount: //p')" \
		$(((size + 4095) / 4096 * 8))
done
cp idle image
cp ten model
to 10001 10001 image /file
debugfs -R 'stat file' image 2>/dev/null | grep -q '(IND):3000' || fail 'it is gone though nothing past the end was'
# or with a hole that reaches into what it stands for
cp idle image
debugfs_script image <<<'sif file size 60000'
run_e4zero 0 --punch-hole -o 49152 -l 4096 image /file
same 'sectors behind the hole' 24 "$(debugfs -R 'stat file' image 2>/dev/null | sed -n 's/.*Blockcount: //p')"
sound image
