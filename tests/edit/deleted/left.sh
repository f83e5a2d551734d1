#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Inodes without links of which something is not certain are named with the reason, and nothing of them changes; what is
# certain beside them is freed. Attributes that are shared are freed with the last that refers to them.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
. "$srcdir/tests/edit/deleted/common.sh"
requires python3

text ten 10000 $'SECRET bytes\n'
text value 300 'SECRETVALUE'

# slot IMAGE INO: the place of its bytes
slot() {
	debugfs -c -R "imap <$2>" "$1" 2>/dev/null | python3 -c 'import re, sys
block, off = re.search(r"located at block (\d+), offset (0x[0-9a-f]+)", sys.stdin.read()).groups()
print(int(block) * 1024 + int(off, 16))'
}

# left IMAGE FILE REASON: check and fix name it, and leave it as it is; --fix changes nothing of it
left() {
	local image=$1 ino=$2 why=$3 before
	cp "$image" before
	run_e4zero 4 --json --check --all "$image"
	same "$why: found" "$(records finding kind ino fixable why | grep "^deleted-open $ino ")" "deleted-open $ino false $why"
	same "$why: sum" "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	[ -z "${BROAD-}" ] || python3 "$srcdir/tests/witness/ledger/compare.py" "$E4ZERO" "$image" >witness 2>&1 ||
		fail "$why: the witness: $(cat witness)"
	run_e4zero 4 --json --fix --all "$image"
	same "$why: fixed" "$(records finding kind ino fixed why | grep "^deleted-open $ino ")" "deleted-open $ino false $why"
	before=$(slot before "$ino")
	# but for i_dtime, which may have led to one that was freed
	cmp -n 20 -i "$before" before "$image" && cmp -n 100 -i $((before + 24)) before "$image" ||
		fail "$why: the inode was changed"
	run_e4zero 4 --json --fix --all "$image"
}

# f, g and h are deleted, and in this order on the list; keep is not
make_image image 24M -b 1024 -I 128 -O ^extent,^64bit,^metadata_csum,^has_journal
printf '%s\n' 'write ten keep' 'write ten f' 'write ten g' 'write ten h' 'mkdir dir' | debugfs_script image
printf 'ea_set %s user.secret -f value\n' f g | debugfs_script image
unlink_open image h g f
read -r h g f <<<"$unlinked"
cp image good
run_e4zero 4 --json --check --all image
same 'all are certain' "$(records finding kind fixable | grep -c 'deleted-open true')" 3

free=$(dumpe2fs good 2>/dev/null | sed -n '/^Group 0:/,/^Group 1:/s/.* \([0-9]*\) free inodes.*/\1/p' | head -n 1)
while IFS='|' read -r why commands; do
	cp good image
	# shellcheck disable=SC2059 # the commands are a format
	printf "${commands//F/<$f>}" | debugfs_script image
	left image "$f" "$why"
	! grep -q '"kind":"deleted-open","ino":'"$h"',.*"fixed":false' out || fail "$why: h was left, too"
done <<-END
	its blocks are claimed more than once, or free in the block bitmap|sif keep block[0] $(physical image "<$f>" 0)
	a directory entry names the inode|link F dir/name\nsif F links_count 0
	the inode is free in the inode bitmap|freei F\nset_bg 0 free_inodes_count $((free + 1))
	neither the orphan list nor the orphan file names the inode|ssv last_orphan $g
	the inode is a system inode|ssv usr_quota_inum $f
	the inode holds an extended attribute of other inodes|sif F flags 0x200000\nsif F ctime @0\nsif F version 1
	a block lies in static metadata|sif F block[5] 2
END

# with metadata_csum: a checksum that is wrong; blocks that an inode may have which cannot be read; a bitmap that is not valid
make_image image 24M -b 1024 -I 128 -O ^has_journal,metadata_csum -g 2048
printf '%s\n' 'write ten keep' 'write ten f' 'write ten g' 'write ten h' 'mkdir dir' 'write ten dir/inner' | debugfs_script image
unlink_open image g f
read -r g f <<<"$unlinked"
cp image good
# poke IMAGE BYTE: it becomes another one
poke() {
	local old
	old=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\x$(printf %x $((old ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
poke image $(($(slot image "$f") + 8))
left image "$f" "the inode's checksum is wrong"
cp good image
debugfs_script image <<<"sif h block[5] $(physical image "<$f>" 0)"
poke image $(($(slot image "$(ino_of image /h)") + 8))
left image "$f" 'a block may belong to an inode that cannot be read'
bitmaps=$(dumpe2fs good 2>/dev/null | sed -n '/^Group 0:/,/^Group 1:/p')
cp good image
poke image $(($(sed -n 's/.*Inode bitmap at \([0-9]*\).*/\1/p' <<<"$bitmaps" | head -n 1) * 1024 + 20))
left image "$f" 'the inode bitmap of its group is not valid'
cp good image
poke image $(($(sed -n 's/.*Block bitmap at \([0-9]*\).*/\1/p' <<<"$bitmaps" | head -n 1) * 1024 + 250))
left image "$f" 'the block bitmap of a group is not valid'
cp good image
debugfs_script image <<-END
	unlink dir
	sif <$(ino_of good /dir)> links_count 0
	ssv last_orphan $(ino_of good /dir)
	sif <$(ino_of good /dir)> dtime @$f
END
left image "$(ino_of good /dir)" 'the directory is not empty'
cp good image
poke image $(($(physical image /dir 0) * 1024 + 4))
left image "$f" 'a directory that cannot be read may name the inode'
# all of it can be read, but a name may be another one than it was
cp good image
poke image $(($(physical image /dir 0) * 1024 + 24 + 9))
left image "$f" 'a directory that cannot be read may name the inode'

cp good image
debugfs_script image <<<"link <$f> dir/name
sif <$f> links_count 0"
poke image $(($(slot image "$(ino_of image /dir)") + 8))
left image "$f" 'a directory that cannot be read may name the inode'

# lists that come back, end at nobody, name what is in use: what is reached is freed
for links in "$f $f" "$f $g $f" "$f $g 99999" "$f $g 8" "$f $g $(ino_of good /keep)"; do
	cp good image
	read -ra chain <<<"$links"
	{
		echo ssv last_orphan "${chain[0]}"
		for ((i = 0; i + 1 < ${#chain[@]}; i++)); do echo "sif <${chain[i]}> dtime @${chain[i + 1]}"; done
	} | debugfs_script image
	run_e4zero "$([ "$links" = "$f $f" ] && echo 4 || echo 0)" --json --fix --all image
	[ "$links" = "$f $f" ] || sound image
	holds image /keep ten
done

# an inode that cannot be read has another block of the cluster
make_image image 24M -b 1024 -O ^has_journal,metadata_csum,bigalloc -C 16384
printf '%s\n' 'write ten keep' 'write ten f' 'write ten h' | debugfs_script image
unlink_open image f
{
	printf 'sif h flags 0\nsif h block[0] %s\n' $(($(physical image "<$unlinked>" 0) + 12))
	printf 'sif h block[%s] 0\n' 1 2 3 4 5
} | debugfs_script image
poke image $(($(slot image "$(ino_of image /h)") + 8))
left image "$unlinked" 'a block may belong to an inode that cannot be read'

# values in inodes: one is itself on the list; somebody who cannot be read may have it, too
make_image image 24M -b 1024 -I 256 -O ^has_journal,metadata_csum,ea_inode
text large 3000 'SECRETVALUE'
printf '%s\n' 'write ten keep' 'write ten f' 'write ten other' 'ea_set f user.secret -f large' | debugfs_script image
e2fsck -fy image >e2fsck.out 2>&1
value=$(seq 12 20 | while read -r ino; do
	! debugfs -R "stat <$ino>" image 2>/dev/null | grep -q 'Flags: 0x2[0-9a-f]\{5\}$' || echo "$ino"
done)
unlink_open image f
cp image good
debugfs_script image <<<"sif <$unlinked> dtime @$value"
left image "$unlinked" 'an extended attribute is in an inode that is an orphan'
cp good image
poke image $(($(slot image "$(ino_of image /other)") + 8))
left image "$unlinked" 'an inode whose attributes cannot be read may share one'
cp good image
run_e4zero 0 --json --fix --all image
sound image
! grep -aq SECRETVALUE image || fail 'a value that nobody has is left'

# a block of attributes that several have: freed with the last one; a count that is wrong leaves it
make_image image 24M -b 1024 -I 128 -O ^has_journal,metadata_csum
printf '%s\n' 'write ten keep' 'write ten f' 'write ten g' 'ea_set f user.secret -f value' | debugfs_script image
block=$(debugfs -R 'stat f' image 2>/dev/null | sed -n 's/.*File ACL: \([0-9]*\).*/\1/p')
printf 'sif %s file_acl '"$block"'\nsif %s blocks 22\n' keep keep g g | debugfs_script image
e2fsck -fy image >e2fsck.out 2>&1
cp image three
unlink_open image g f
cp image reference
e2fsck -fy reference >e2fsck.out 2>&1
run_e4zero 0 --json --fix --all image
sound image
same_usage 'a shared block' image reference
debugfs -R "ea_get keep user.secret" image 2>/dev/null | grep -q SECRETVALUE || fail 'the attribute of keep is gone'
grep -aq SECRETVALUE image || fail 'the block is gone'
cp three image
unlink_open image keep g f
run_e4zero 0 --json --fix --all image
sound image
! grep -aq SECRETVALUE image || fail 'the block of nobody is left'
for count in 1 2 4 0 1025; do
	cp three image
	python3 - image "$block" $count <<-'END'
		import struct, sys
		io = open(sys.argv[1], "r+b")
		io.seek(int(sys.argv[2]) * 1024 + 4)
		io.write(struct.pack("<I", int(sys.argv[3])))
	END
	tune2fs -O ^metadata_csum image >tune2fs.log 2>&1 || fail "tune2fs: $(cat tune2fs.log)"
	unlink_open image g
	why='the reference count of its extended-attribute block is wrong'
	[ $count != 0 ] && [ $count != 1025 ] || why='the reference count of its extended-attribute block is not valid'
	left image "$unlinked" "$why"
done
cp three image
unlink_open image g
poke image $((block * 1024 + 500))
left image "$unlinked" 'the checksum of the extended-attribute block is wrong'
