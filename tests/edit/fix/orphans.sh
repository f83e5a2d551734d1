#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Orphans are finished in transactions of their own before an edit: many in one, one in many where the log is small; a
# dry run counts the same; deleted ones stay, chained, and are reported; an edit that fails leaves all of it as it was.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3

yes 'line of text' | head -c 6000 >content
head -c 4900 content >model
printf x >x

# orphans IMAGE BLOCKS...: file oN of 6000 bytes, cut to 4900, has blocks up to BLOCKS past its end; "-": it was
# deleted while it was open. chain: their inodes.
orphans() {
	local image=$1 n=0 blocks
	shift
	{
		echo write x keep
		for blocks; do
			echo write content o$((++n))
			[ "$blocks" = - ] || printf 'fallocate o%s 10 %s\nsif o%s size 4900\n' $n "$blocks" $n
		done
	} | debugfs_script "$image"
	chain=()
	for ((n = 1; n <= $#; n++)); do
		chain+=("$(ino_of "$image" "/o$n")")
	done
	n=0
	for blocks; do
		: $((n++))
		[ "$blocks" != - ] || printf 'unlink o%s\nsif <%s> links_count 0\n' $n "${chain[n - 1]}"
	done | debugfs_script "$image"
}

# on_list IMAGE: the chain leads from the superblock through the inodes in their order.
on_list() {
	local i
	{
		echo ssv last_orphan "${chain[0]}"
		for ((i = 0; i < ${#chain[@]}; i++)); do
			echo "sif <${chain[i]}> dtime @${chain[i + 1]:-0}"
		done
	} | debugfs_script "$1"
}

# in_file IMAGE: they are in the orphan file.
in_file() {
	python3 "$srcdir/tests/images/imgpoke.py" "$1" orphans "${chain[@]}"
	debugfs_script "$1" <<<'feature orphan_present'
}

is_on_list() {
	local i ino
	ino=$(dumpe2fs -h "$1" 2>/dev/null | sed -n 's/^First orphan inode: *//p')
	for i in "${@:2}"; do
		same "on the list of $1" "$ino" "$i"
		ino=$(debugfs -R "stat <$i>" "$1" 2>/dev/null | sed -n 's/^ *dtime: 0x\([0-9a-f]*\).*/\1/p')
		ino=$((16#${ino:-0}))
	done
	same "end of the list of $1" "${ino:-0}" 0
}

# finishes IMAGE FINISHED LEFT TRANSACTIONS: with an edit of /keep, whose own transaction counts
finishes() {
	local planned
	remember_image "$1"
	run_e4zero 8 --truncate 0 "$1" /missing
	run_e4zero 0 --json --dry-run --truncate 0 "$1" /keep
	image_unchanged "$1"
	planned=$(field transactions summary)/$(field log_blocks summary)
	run_e4zero 0 --json --truncate 0 "$1" /keep
	same "transactions and log blocks planned for $1" "$planned" \
		"$(field transactions summary)/$(field log_blocks summary)"
	same "$1: finished" "$(field orphans_finished summary)" "$2"
	same "$1: left" "$(field orphans_left summary)" "$3"
	same "$1: skipped" "$(records skipped ino | wc -l)" "$3"
	same "$1: transactions" "$(field transactions summary)" "$4"
}

# cut IMAGE FILE...: the content, and no blocks after it
cut() {
	local file
	for file in "${@:2}"; do
		holds "$1" "$file" model
		same "$1: sectors of $file" 10 \
			"$(debugfs -R "stat $file" "$1" 2>/dev/null | sed -n 's/.*Blockcount: //p')"
	done
}

# groups of 256 blocks: the log of 1024 blocks holds the bitmaps of about 930 of them, with their descriptors
small=(-b 1024 -g 256 -N 4096)
log=(-J size=1 -O '^resize_inode,^orphan_file')

make_image image 300M "${small[@]}" "${log[@]}"
orphans image 2000 3000 20
on_list image
finishes image 3 0 2
cut image /o1 /o2 /o3
is_on_list image
sound image

# together too many for one transaction; the deleted ones between them stay
make_image image 300M "${small[@]}" "${log[@]}"
orphans image - 120000 - 120000 20 -
on_list image
finishes image 3 3 3
cut image /o2 /o4 /o5
is_on_list image "${chain[0]}" "${chain[2]}" "${chain[5]}"
grep -q 'deleted while it was open' out || fail "nothing about the deleted ones: $(cat out)"
rc=0
e2fsck -fy image >e2fsck.out 2>&1 || rc=$?
[ $rc -le 1 ] || fail "e2fsck: exit $rc: $(cat e2fsck.out)"
sound image

# a single orphan that is too large
make_image image 300M "${small[@]}" "${log[@]}"
orphans image 50 255000 20
on_list image
finishes image 3 0 4
cut image /o1 /o2 /o3
is_on_list image
sound image

# the same in the orphan file, and the file system's mark goes with the last
if mke2fs -q -F -t ext4 -O orphan_file probe 8M >mke2fs.log 2>&1; then
	make_image image 300M "${small[@]}" -J size=1 -O '^resize_inode,orphan_file'
	orphans image 120000 120000 20
	in_file image
	finishes image 3 0 3
	cut image /o1 /o2 /o3
	! dumpe2fs -h image 2>/dev/null | grep -q orphan_present || fail 'orphan_present is left'
	sound image

	# where there are no extents the orphan file has an indirect map as well
	make_image image 8M -b 1024 -O '^extent,^64bit,orphan_file'
	debugfs_script image <<-END
		write content o
		sif o size 4900
	END
	chain=("$(ino_of image /o)")
	in_file image
	run_e4zero 4 --check image
	grep -q '^pending-truncate .* /o$' out || fail "no finding: $(cat out)"
	printf x >x
	debugfs_script image <<<'write x keep'
	finishes image 1 0 2
	same 'blocks of o' 10 "$(debugfs -R 'stat o' image 2>/dev/null | sed -n 's/.*Blockcount: //p')"
	! dumpe2fs -h image 2>/dev/null | grep -q orphan_present || fail 'orphan_present of indirect maps is left'
	sound image

	# the bytes past the end of inline data are zero afterwards, and the inode has its checksum
	make_image image 8M -I 256 -O orphan_file,inline_data,metadata_csum
	yes inline | head -c 100 >inline
	debugfs_script image <<<$'write inline o\nsif o size 50\nwrite x keep'
	chain=("$(ino_of image /o)")
	in_file image
	finishes image 1 0 2
	# debugfs shows all that the inode has room for
	{ head -c 50 inline && head -c 50 /dev/zero; } >want
	holds image /o want
	run_e4zero 0 --check image
	sound image

	# no entry counts that lies past its size
	make_image image 8M -b 1024 -O orphan_file
	orphans image 20
	in_file image
	debugfs_script image <<<"sif <$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Orphan file inode: *//p')> size 1000"
	run_e4zero 4 --check image
	! grep -q '^pending-truncate' out || fail "an entry past the end of its file counts: $(cat out)"
	same 'finished' "$(run_e4zero 0 --json --truncate 0 image /keep && field orphans_finished summary)" 0
fi

# without a journal there is but one commit
make_image image 300M "${small[@]}" -O '^resize_inode,^orphan_file,^has_journal'
orphans image 120000 - 120000
on_list image
finishes image 2 1 1
cut image /o1 /o3
is_on_list image "${chain[1]}"

# half a truncate is nothing for bigalloc: what does not fit is left, with a reason
mke2fs -q -F -t ext4 -b 1024 -C 2048 -O bigalloc,^resize_inode,^orphan_file -g 256 -J size=1 -N 4096 image 600M >mke2fs.log 2>&1 ||
	skip "no bigalloc: $(cat mke2fs.log)"
orphans image 540000 20
on_list image
finishes image 1 1 2
grep -q 'does not fit in the journal' out || fail "no reason: $(cat out)"
is_on_list image "${chain[0]}"

# a list that comes back to what is off it by then, or goes on to nobody, ends there: one run is enough
printf x >x
for links in '1 1' '1 2 1' '1 2 2' '1 2 3 2' '1 99999' '1 2 8'; do
	make_image image 32M -O ^orphan_file
	orphans image 20 20 20
	read -ra chain <<<"$links"
	for i in "${!chain[@]}"; do
		[ "${chain[i]}" -gt 3 ] || chain[i]=$(ino_of image "/o${chain[i]}")
	done
	cp image deleted
	for last in image deleted; do
		{
			[ $last = image ] || printf 'unlink o2\nsif <%s> links_count 0\n' "$(ino_of image /o2)"
			echo ssv last_orphan "${chain[0]}"
			for ((i = 0; i + 1 < ${#chain[@]}; i++)); do
				echo "sif <${chain[i]}> dtime @${chain[i + 1]}"
			done
		} | debugfs_script $last
		run_e4zero 0 --fix $last
		remember_image $last
		run_e4zero 0 --fix $last
		image_unchanged $last
		grep -q 'nothing to do' out || fail "$links, $last: $(cat out)"
	done
	same "first orphan of $links" "$(dumpe2fs -h image 2>/dev/null | grep 'First orphan')" ''
	sound image
done
