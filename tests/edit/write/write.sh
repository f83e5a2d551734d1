#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --write: standard input, a pipe or --from goes to where it is wanted, over blocks, holes, unwritten blocks and
# inline data, at EOF and past it; what lay past EOF is never read, and nothing else of the file changes.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# patch OFFSET LENGTH [OPTIONS...]: by us from standard input, and by dd in the model
patch() {
	local off=$1 len=$2
	shift 2
	head -c "$len" /dev/urandom >bytes
	"$E4ZERO" --json --write -o "$off" "$@" image /file <bytes >out 2>err || fail "--write -o $off: exit $?: $(cat err)"
	dd if=bytes of=model bs=64k seek="$off" oflag=seek_bytes conv=notrunc status=none
	holds image /file model
}

broad kinds 2 'extent journal' '^metadata_csum ordered' '^extent,^64bit journal' '^extent,^64bit ordered' 'bigalloc journal' 'extent,inline_data ordered' '^has_journal ordered'
for kind in "${kinds[@]}"; do
	read -r features mode <<<"$kind"
	edit_image image -O "$features"
	cp ten model
	patch 5000 10 --data $mode # within a block
	patch 4096 4096 --data $mode # a block
	patch 4000 5000 --data $mode # across several
	patch 10000 1 --data $mode # at EOF
	patch 10001 10000 --data $mode
	patch 50000 3 --data $mode # past it
	run_e4zero 0 --punch-hole -o 4096 -l 8192 image /file
	dd if=/dev/zero of=model bs=4096 seek=1 count=2 conv=notrunc status=none
	patch 6000 100 --data $mode # into a hole
	[[ $features == ^extent* ]] || run_e4zero 0 --allocate -o 50003 -l 100000 image /file
	[[ $features == ^extent* ]] || truncate -s 150003 model
	patch 90000 7000 --data $mode
	sound image
done

# what an interrupted truncate left past EOF does not become visible
edit_image image
cp ten model
debugfs_script image <<<'sif file size 3000'
truncate -s 3000 model
patch 9000 10
sound image
edit_image image
cp ten model
debugfs_script image <<<'sif file size 3000'
truncate -s 3000 model
patch 3000 1
sound image

# nothing to write is nothing to do
remember_image image
run_e4zero 0 --write -o 5 image /file
grep -q 'nothing to do' out || fail "$(cat out)"
image_unchanged image

# a pipe and a file of the host are the same; what cannot be read leaves the image alone
edit_image image
cp ten model
head -c 100000 /dev/urandom >bytes
cp image other
# shellcheck disable=SC2002 # a pipe it is to be
E2FSPROGS_FAKE_TIME=1700000000 "$E4ZERO" -q --write -o 7 image /file < <(cat bytes) || fail 'a pipe'
E2FSPROGS_FAKE_TIME=1700000000 run_e4zero 0 -q --write -o 7 --from bytes other /file
cmp image other || fail '--from does something else'
untouched 8 'reading nothing: No such file' image --write -o 0 --from nothing image /file
untouched 8 'reading \.: Is a directory' image --write -o 0 --from . image /file
untouched 16 '.' image --write image /file
untouched 16 '.' image --write -o 0 -l 5 image /file
untouched 16 '.' image --truncate 0 --from bytes image /file
