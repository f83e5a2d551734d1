#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --zero writes zeroes over what a range of a file holds, where it is: the map stays, holes and unwritten blocks are
# left alone, the range ends with the file, and no old byte is kept anywhere. The same script does on every map.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

secrets() {
	yes 'an old secret' | head -c "$1"
}

# pieces IMAGE FILE: where it lies
pieces() {
	"$E4ZERO" --json --map "$1" "$2" | jq -c 'select(.type == "map")'
}

# zero OFFSET LENGTH [OPTIONS]: of /file, which holds what is in model
zero() {
	local off=$1 len=$2 size end
	shift 2
	size=$(stat -c %s model)
	end=$((off + len < size ? off + len : size))
	pieces image /file >map.before
	debugfs -R 'stat /file' image 2>/dev/null | grep -o 'Blockcount: [0-9]*' >blocks.before
	rm -f trace
	run_e4zero 0 --json --zero -o "$off" -l "$len" --trace-io trace "$@" image /file
	((end <= off)) ||
		dd if=/dev/zero of=model bs=64k count=$((end - off)) seek="$off" iflag=count_bytes oflag=seek_bytes \
			conv=notrunc status=none
	holds image /file model
	pieces image /file | cmp - map.before || fail "zero $off $len $*: another map"
	debugfs -R 'stat /file' image 2>/dev/null | grep -o 'Blockcount: [0-9]*' | cmp - blocks.before ||
		fail "zero $off $len $*: another i_blocks"
	same "requested of $off $len $*" "$(field requested edit)" $((end > off ? end - off : 0))
	same "blocks of $off $len $*" "$(rows edit blocks_allocated blocks_freed blocks_converted)" \
		'[0,0,0]'
}

# ---- every map ----

broad kinds 3 '^extent,^64bit journal' 'inline_data ordered' 'extent journal' '^has_journal,^extent,^64bit journal' \
	'bigalloc ordered' '^metadata_csum journal' '^has_journal ordered' 'extent ordered'
for kind in "${kinds[@]}"; do
	read -r features mode <<<"$kind"
	edit_image image -O "$features"
	cp ten model
	zero 100 3000 --data $mode # within a block
	zero 4000 5000 --data $mode
	# with a hole in it, a sparse end, and beyond EOF
	printf '%s\n' 'punch-hole /file 4096 4096' 'truncate /file 50000' 'write /file 20000 from=ten' >script
	run_e4zero 0 --script script image
	dd if=ten of=model bs=10000 seek=2 conv=notrunc status=none
	truncate -s 50000 model
	zero 3000 22000 --data $mode
	zero 0 17592186044416 --data $mode
	sound image
	remember_image image
	zero 0 17592186044416 --data $mode # nothing is left to do
	zero 50000 1 --data $mode
	zero 17592186044416 1 --data $mode
	image_unchanged image
	# what an earlier line wrote into a hole is zeroed with it
	printf '%s\n' 'write /file 8192 from=ten' 'zero /file 9000 4000' 'zero /file 30000 1M' >script
	run_e4zero 0 --script script --data $mode image
	dd if=ten of=model bs=8192 seek=1 conv=notrunc status=none
	dd if=/dev/zero of=model bs=4000 count=1 seek=9000 oflag=seek_bytes conv=notrunc status=none
	holds image /file model
	sound image
done

# ---- unwritten blocks, and what lies past EOF ----

edit_image image
run_e4zero 0 --allocate -o 12288 -l 40960 image /file
run_e4zero 0 --truncate 53000 image /file
cp ten model
truncate -s 53000 model
at=$(($(physical image /file 2) * 4096 + 10000 - 8192))
run_e4zero 0 --write --from small -o 20480 image /file
dd if=small of=model bs=4096 seek=5 conv=notrunc status=none
zero 0 53000
[ "$("$E4ZERO" --json --map image /file | jq -s 'map(select(.state == "unwritten") | .blocks) | add')" = 9 ] ||
	fail 'unwritten blocks were written'
sound image
edit_image image
pollute image $at 'past EOF' # a finding of its own, not what was asked for
run_e4zero 0 --zero -o 0 -l 1M image /file
dd if=image bs=1 skip=$at count=8 status=none | grep -q 'past EOF' || fail 'zeroed past EOF'

# ---- in the inode ----

edit_image image -O inline_data -I 512
secrets 200 >inline
debugfs_script image <<<'write inline inline'
run_e4zero 0 --json --zero -o 50 -l 1M image /inline
same 'bytes' "$(field inline edit) $(field requested edit)" '150 150'
dd if=/dev/zero of=inline bs=150 count=1 seek=50 oflag=seek_bytes conv=notrunc status=none
holds image /inline inline
same 'state' "$("$E4ZERO" --json --map image /inline | jq -r 'select(.type == "map").state')" inline
sound image

# ---- more than the log holds: nothing moves, which would leave the old bytes in free blocks ----

for features in extent ^extent,^64bit; do
	make_image large 32M -O "$features" -J size=4
	secrets 8M >eight
	debugfs_script large <<<'write eight eight'
	pieces large /eight >map.before
	untouched 8 'journal blocks.*--split' large --zero -o 0 -l 8M large /eight
	cp large ordered
	run_e4zero 0 --json --zero -o 0 -l 8M --split large /eight
	[ "$(field transactions summary)" -gt 1 ] || fail "one transaction: $(cat out)"
	run_e4zero 0 --json --zero -o 0 -l 8M --data ordered ordered /eight
	truncate -s 0 eight
	truncate -s 8M eight
	for image in large ordered; do
		pieces $image /eight | cmp - map.before || fail "$image: it moved"
		grep -aq 'an old secret' $image && fail "$image: old bytes are kept"
		holds $image /eight eight
		sound $image
	done
done
# nor when other lines of the script fill the log
make_image large 32M -J size=4
secrets 8M >eight
debugfs_script large <<<$'write eight eight\nwrite eight other'
printf '%s\n' 'zero /eight 0 1M' 'write /other 0 from=eight' 'write /eight 1M from=small' >script
pieces large /eight >map.before
run_e4zero 0 --script script large
pieces large /eight | cmp - map.before || fail 'a script moved it'

# ---- dry runs, and faults ----

edit_image image
remember_image image
run_e4zero 0 -n --zero -o 0 -l 1M image /file
grep -q 'zero' out || fail "$(cat out)"
image_unchanged image
untouched 16 'length' image --zero -o 0 -l 0 image /file
untouched 16 'length' image --zero -o 0 image /file
untouched 16 'offset' image --zero -l 1 image /file
untouched 16 'keep-size' image --zero -o 0 -l 1 --keep-size image /file
printf 'zero /file 0\n' >script
untouched 16 'a length is missing' image --script script image
printf 'zero /file 0 1 keep-size\n' >script
untouched 16 'unexpected argument' image --script script image

# ---- one script for ext2, ext3 and ext4 ----

printf '%s\n' 'zero /key 0 1M' 'write-zeroes /grown 0 40000' 'zero /grown 0 1M' >script
for type in ext2 ext3 ext4; do
	mke2fs -q -F -t $type -b 1024 image 16M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	secrets 30000 >key
	debugfs_script image <<<$'write key key\nwrite key grown'
	run_e4zero 0 -q --script script image
	grep -aq 'an old secret' image && fail "$type: old bytes are kept"
	head -c 30000 /dev/zero >key
	head -c 40000 /dev/zero >grown
	holds image /key key /grown grown
	sound image
done

# ---- so many files that the bound of the log is reached, at a zero of nothing, which is done again ----

mkdir many
for ((i = 0; i < 1200; i++)); do echo "file $i" >many/f$i; done
mke2fs -q -F -t ext4 -b 1024 -J size=1 -N 4096 -d many image 64M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
for ((i = 0; i < 600; i++)); do printf 'truncate /f%d 2\nzero /f%d 100000 7\n' $i $((i + 600)); done >script
run_e4zero 0 --split --script script image
sound image
