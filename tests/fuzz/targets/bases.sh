#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bases.sh DIRECTORY: makes the bases of the fuzz targets: small images, each with few files of many kinds.
#
# The first word of a name selects the targets that use it: fs- a file system, log- one with a log to be replayed, undo- an
# undo file for the image edited-, image- an image in another format, disk- a disk with a partition table.
set -eu
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
export E2FSPROGS_FAKE_TIME=1700000000 E2FSCK_TIME=1700000000
images=$(cd "$(dirname "$0")/../../images" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/bases.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export MKE2FS_CONFIG=$tmp/mke2fs.conf
printf '[defaults]\nbase_features = none\ninode_ratio = 16384\ninode_size = 256\n[fs_types]\n' >"$MKE2FS_CONFIG"
uuid=5a5a5a5a-1111-2222-3333-444444444444
common=ext_attr,dir_index,filetype,sparse_super,large_file
ext4=$common,extent,flex_bg,metadata_csum,64bit,extra_isize

debug() {
	debugfs -w -f - "$1" >"$tmp/log" 2>&1
}

# fs NAME SIZE FEATURES [mke2fs arguments], then arguments of imgtree.py after --
fs() {
	local name=$out/fs-$1 size=$2 features=$3 options=() bs=1024
	shift 3
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		[ "$1" != -b ] || bs=$2
		options+=("$1")
		shift
	done
	[ $# = 0 ] || shift
	rm -f "$name"
	truncate -s "$size" "$name"
	mke2fs -q -F -t ext2 -O "none,$features" -U "$uuid" -m 0 -E "hash_seed=$uuid,lazy_itable_init=0${extra-}" -b "$bs" \
		"${options[@]}" "$name" "$size" >"$tmp/log" 2>&1 || { cat "$tmp/log" >&2; exit 1; }
	mkdir -p "$tmp/tree"
	python3 "$images/imgtree.py" "$tmp/tree" --bs "$bs" --files 24 --past 4 "$@" | debug "$name"
	rm -rf "$tmp/tree"
	python3 "$images/pollute.py" "$name" --list /dev/null
}

# attributes IMAGE: add extended attributes in inodes and in blocks, one of them shared
attributes() {
	head -c 700 /dev/zero | tr '\0' v >"$tmp/value"
	{
		echo 'ea_set /d0/f0001 user.small value'
		echo 'ea_set /d0/f0002 user.other thing'
		echo "ea_set -f $tmp/value /d0/f0002 user.large"
		echo "ea_set -f $tmp/value /d1 user.dir"
		echo "ea_set -f $tmp/value /odd/slow400 user.link"
	} | debug "$1"
}

# hashed IMAGE: add a directory with a hash tree, built by e2fsck -D
hashed() {
	{
		echo 'mkdir /many'
		echo 'cd /many'
		for ((n = 0; n < 160; n++)); do echo "symlink n$(printf %04d $n) t"; done
	} | debug "$1"
	e2fsck -fyD "$1" >/dev/null 2>&1 || [ $? = 1 ]
}

fs ext4 1M "$ext4" -N 400 -- --extents --deep 90
attributes "$out/fs-ext4"
hashed "$out/fs-ext4"
fs ext2 1M "$common" -N 128 -I 128 -- --far 267 --far 66000
attributes "$out/fs-ext2"
fs inline 512K "$ext4,inline_data" -N 128 -- --inline
attributes "$out/fs-inline"
printf 'ea_set /d0/f0000 user.%s value\n' one two | debug "$out/fs-inline"
# damaged IMAGE INODE OFFSET BYTES: change the attribute after system.data
damaged() {
	local at
	printf "ea_set <$2> user.%s value\n" one two | debug "$1"
	at=$(debugfs -R "imap <$2>" "$1" 2>/dev/null | sed -n 's/.*block \([0-9]*\), offset \(0x[0-9a-f]*\).*/\1 * 1024 + \2/p')
	# attributes follow 160 bytes of the inode and a magic number; system.data takes 20 bytes
	printf "$4" | dd of="$1" bs=1 seek=$((at + 160 + 4 + 20 + $3)) conv=notrunc status=none
	debugfs -n -w -R "sif <$2> generation 0" "$1" >"$tmp/log" 2>&1
}
damaged "$out/fs-inline" 21 0 '\377'
damaged "$out/fs-inline" 23 2 '\360\377'
damaged "$out/fs-inline" 33 4 '\5'
damaged "$out/fs-inline" 38 8 '\377\17'
damaged "$out/fs-inline" 41 2 '\0\0\0\0\0\0\100\0'
fs bigalloc 1M "$ext4,bigalloc" -C 4096 -N 128 -- --extents --ratio 4
fs groups 1M "$common,extent,uninit_bg,meta_bg" -g 256 -N 128 -I 128 -- --extents
fs journal 3M "$ext4,has_journal" -J size=1 -N 64 -- --extents
fs deep 3M "$ext4" -N 64 -- --extents --files 4 --deep 1100
extra=,quotatype=usrquota:grpquota:prjquota fs quota 1M "$ext4,quota,project" -N 128 -- --extents
e2fsck -fy "$out/fs-quota" >/dev/null 2>&1 || [ $? = 1 ]

# blk NAME PATH WHICH: a block of a file
blk() {
	debugfs -R "bmap $2 $3" "$out/$1" 2>/dev/null
}

# tree_block NAME PATH KIND: the first tree block of this kind
tree_block() {
	debugfs -R "stat $2" "$out/$1" 2>/dev/null | grep -ao "($3):[0-9]*" | sed 's/.*://;q'
}

# blocks that two files have, a tree block among them, and one that is a file's own twice
fs claims 1M "$ext4" -N 128 -- --extents --deep 90
tree=$(debugfs -R 'ex /deep90' "$out/fs-claims" 2>/dev/null | awk '$1 == "0/" {print $8; exit}')
debug "$out/fs-claims" <<-EOF
	sif /d0/f0003 block[5] $(blk fs-claims /d0/f0007 0)
	sif /d0/f0009 block[5] ${tree:-70}
	sif /d0/f0013 block[8] $(blk fs-claims /d0/f0013 0)
EOF

# a file that is to be cut, in the orphan file
fs orphans 3M "$ext4,has_journal,orphan_file" -J size=1 -N 64 -- --extents
printf 'feature orphan_present\nsif /d0/f0003 size 100\n' | debug "$out/fs-orphans"
python3 "$images/imgpoke.py" "$out/fs-orphans" orphans \
	"$(debugfs -R 'stat /d0/f0003' "$out/fs-orphans" 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p')"

# ---- other block sizes, inodes and features ----

plain=$common,extent,flex_bg,extra_isize,huge_file
fs 64k 8M "$ext4,encrypt,casefold" -b 65536 -N 256 -- --extents --files 6 --past 2 --deep 3
hashed "$out/fs-64k"
fs far 8M "$common" -b 65536 -N 256 -- --files 6 --past 2 --far 17000
fs 4k 2M "$ext4,ea_inode,verity,large_dir" -b 4096 -N 128 -- --extents --files 6 --past 2 --deep 9
attributes "$out/fs-4k"
fs short 1M "$common,extent,metadata_csum" -I 128 -N 128 -- --extents --deep 90
attributes "$out/fs-short"
extra=,num_backup_sb=1 fs tight 256K "${common/sparse_super/sparse_super2}" -I 128 -N 1000 -- --files 4 --past 1
# not for targets that edit, which would wait until no other host uses the file system
fs mmp 1M "$plain,mmp" -N 64 -- --extents --files 6
mv "$out/fs-mmp" "$out/disk-mmp"
fs hurd 1M sparse_super,large_file -o hurd -I 128 -N 128 -- --files 12 --far 267
debug "$out/fs-hurd" <<-EOF
	sif /d0/f0001 translator $(blk fs-hurd /d0/f0007 0)
	sif /d1/f0003 translator 900
EOF
fs ind4k 1M "$common" -b 4096 -N 128 -- --files 6 --far 1040
bash "$images/mkimg.sh" unlinked "$out/fs-unlinked"

# tree blocks that two files have, without a checksum that identifies the owner
fs nocsum 3M "$plain" -N 128 -- --extents --files 12 --deep 90 --deep 400
leaf() { # PATH N: the N-th tree block of a file
	debugfs -R "ex $1" "$out/fs-nocsum" 2>/dev/null | awk -v n="$2" '$1 ~ /[01]\/$/ && $8 > 0 && !seen[$8]++ && ++i == n {print $8}'
}
root() { # PATH DEPTH BLOCK: the root of the map of PATH points to this tree block
	printf "sif $1 block[%d] %s\n" 0 0x0001f30a 1 $((4 | $2 << 16)) 2 0 3 0 4 "$3" 5 0
}
{
	root /d0/f0001 1 "$(leaf /deep90 1)"
	root /d1/f0002 1 "$(leaf /deep400 2)"
	root /d1/f0003 2 "$(leaf /deep400 1)"
	root /d2/f0005 1 "$(blk fs-nocsum /d0/f0000 0)"
} | debug "$out/fs-nocsum"
fs pointers 1M "$common" -N 128 -- --files 12 --far 267 --far 300 --far 66000 --far 70000
debug "$out/fs-pointers" <<-EOF
	sif /d0/f0001 block[IND] $(tree_block fs-pointers /far267 IND)
	sif /d1/f0002 block[DIND] $(tree_block fs-pointers /far300 DIND)
	sif /d1/f0003 block[TIND] $(tree_block fs-pointers /far66000 TIND)
	sif /d2/f0005 block[IND] $(tree_block fs-pointers /far66000 DIND)
	sif /d2/f0004 block[IND] $(tree_block fs-pointers /far66000 TIND)
EOF
# past the last logical block
debug "$out/fs-far" <<<"sif /d0/f0000 block[TIND] $(blk fs-far /d0/f0000 0)"

# adjacent leaves, as e4zero writes a tree
fs packed 3M "$ext4" -N 128 -- --extents --files 4
echo x >"$tmp/x"
debug "$out/fs-packed" <<<"write $tmp/x many"
printf 'allocate /many 0 1000000\n' >"$tmp/script"
for ((n = 1; n < 900; n += 2)); do echo "punch-hole /many $((n * 1024)) 1024"; done >>"$tmp/script"
"$E4ZERO" --script "$tmp/script" "$out/fs-packed" >"$tmp/log" 2>&1 || { cat "$tmp/log" >&2; exit 1; }

# crashed NAME [option of mklog.py...]: fs-journal with a log that holds the superblock and a directory, unchanged
crashed() {
	local name=$out/log-$1 dir
	cp "$out/fs-journal" "$name"
	shift
	dir=$(debugfs -R 'bmap / 0' "$name" 2>/dev/null)
	dd if="$name" of="$tmp/super" bs=1024 skip=1 count=1 status=none
	dd if="$name" of="$tmp/dir" bs=1024 skip="$dir" count=1 status=none
	python3 "$images/mklog.py" "$name" "$@" "1=$tmp/super" "$dir=$tmp/dir"
}
crashed whole
crashed torn --torn
crashed late --at 1000
# a log with a superblock that no file system has
python3 - "$images" "$tmp/super" "$tmp/bad" <<-'EOF'
	import sys
	sys.path.insert(0, sys.argv[1])
	import mklog
	sb = bytearray(open(sys.argv[2], "rb").read())
	sb[0x28:0x2c] = bytes(4)  # inodes in a group
	mklog.seal_super(sb)
	open(sys.argv[3], "wb").write(sb)
EOF
cp "$out/fs-journal" "$out/log-bad"
python3 "$images/mklog.py" "$out/log-bad" "1=$tmp/bad"
# a log written by debugfs, with checksums and revoke records
printf 'jo -c\njw -b 1 /dev/zero\njw -r 1-3\njc\n' >"$tmp/journal"
cp "$out/fs-journal" "$out/log-revoked"
debug "$out/log-revoked" <"$tmp/journal"

# a log has to be larger for fast commits to have a place in it
fs fast 8M "$ext4,has_journal" -J size=2 -N 64 -- --extents
mv "$out/fs-fast" "$out/log-fast"
for kind in v1 fast halves; do
	[ $kind = fast ] || cp "$out/fs-journal" "$out/log-$kind"
	python3 "$images/oddlog.py" $kind "$out/log-$kind" "$(blk log-$kind / 0)"
done
# the flag that the log is in use is all that is torn
cp "$out/log-whole" "$out/log-flag"
printf '\302' | dd of="$out/log-flag" bs=1 seek=1120 conv=notrunc status=none

# external IMAGE: a partition that has the journal of another
external() {
	local journal=77777777-2222-3333-4444-555555555555 at=3145728
	fs external 1M "$ext4" -N 64 -- --extents
	mv "$out/fs-external" "$tmp/fs"
	mke2fs -q -F -O journal_dev -b 1024 -U $journal "$tmp/device" 1024 >"$tmp/log" 2>&1
	for set in 'feature has_journal' "ssv journal_uuid $journal" 'ssv journal_inum 0' 'ssv journal_dev 0x700'; do
		echo "$set" | debug "$tmp/fs"
	done
	truncate -s $((at + 1048576)) "$tmp/fs"
	dd if="$tmp/device" of="$tmp/fs" bs=1M seek=3 conv=notrunc status=none
	python3 "$images/oddlog.py" external "$tmp/fs" "$(debugfs -R 'bmap / 0' "$tmp/fs" 2>/dev/null)" $at
	truncate -s 5M "$1"
	printf 'label: dos\n2048,2048\n8192,2048\n' | sfdisk -q "$1" 2>"$tmp/log"
	dd if="$tmp/fs" of="$1" bs=1M seek=1 conv=notrunc status=none
}
external "$out/log-external"

undo() { # NAME ARGUMENTS: of an edit of fs-NAME
	cp "$out/fs-$1" "$out/edited-$1"
	rm -f "$out/undo-$1"
	"$E4ZERO" --undo "$out/undo-$1" "${@:2:1}" "$out/edited-$1" "${@:3}" >"$tmp/log" 2>&1 || { cat "$tmp/log" >&2; exit 1; }
}
undo ext4 --fix
undo ext2 --fix

# disks with a partition table
truncate -s 4M "$out/disk-gpt" "$out/disk-mbr"
printf 'label: gpt\nstart=64, size=2048, name="root"\nstart=3000, size=1000, name="data"\n' | sfdisk -q "$out/disk-gpt" 2>"$tmp/log" || cat "$tmp/log" >&2
printf 'label: dos\n64,2048\n2200,4000,E\n2300,1000,L\n' | sfdisk -q "$out/disk-mbr" 2>"$tmp/log" || cat "$tmp/log" >&2
dd if="$out/fs-ext2" of="$out/disk-gpt" bs=512 seek=64 conv=notrunc status=none
dd if="$out/fs-ext2" of="$out/disk-mbr" bs=512 seek=64 conv=notrunc status=none

# two file systems; none; volumes; something after a file system; one whose superblock only its copy has
for disk in two none; do
	truncate -s 4M "$out/disk-$disk"
	printf 'label: dos\n64,2048\n2200,2048\n' | sfdisk -q "$out/disk-$disk" 2>"$tmp/log" || cat "$tmp/log" >&2
done
dd if="$out/fs-ext2" of="$out/disk-two" bs=512 seek=64 conv=notrunc status=none
dd if="$out/fs-ext2" of="$out/disk-two" bs=512 seek=2200 conv=notrunc status=none
printf 'LUKS\272\276' | dd of="$out/disk-none" bs=512 seek=64 conv=notrunc status=none
truncate -s 20M "$out/disk-volumes"
python3 "$images/../open/disk/lvm.py" "$out/disk-volumes" 0 1
dd if="$out/fs-ext2" of="$out/disk-volumes" bs=1M seek=4 conv=notrunc status=none
after() { # NAME BYTES AT
	cp "$out/fs-ext2" "$out/disk-$1"
	truncate -s 1200K "$out/disk-$1"
	printf "%b" "$2" | dd of="$out/disk-$1" bs=1 seek="$3" conv=notrunc status=none
}
after verity 'verity\0\0' 1049600
after luks 'LUKS\0272\0276' 1049600
after android AVBf 1228736
after vhd conectix 1228288
after raid '\0374\0116\0053\0251' 1220608
truncate -s 10M "$out/disk-backup"
mke2fs -q -F -t ext2 -O "none,$common" -b 1024 -N 64 "$out/disk-backup" >"$tmp/log" 2>&1
dd if=/dev/zero bs=1024 count=2 status=none | tr '\0' x | dd of="$out/disk-backup" conv=notrunc status=none

# a file system in a partition that has only a backup superblock; a file system with another one in a partition at its
# end; partitions with the same name, one of them longer than the disk; many partitions without a file system; a small
# one
truncate -s 12M "$out/disk-inside"
echo '2048,20480' | sfdisk -q "$out/disk-inside" 2>"$tmp/log" || cat "$tmp/log" >&2
dd if="$out/disk-backup" of="$out/disk-inside" bs=1M seek=1 conv=notrunc status=none
cp "$out/fs-ext2" "$out/disk-both"
truncate -s 4M "$out/disk-both"
echo '4096,2048' | sfdisk -q --wipe never "$out/disk-both" 2>"$tmp/log" || cat "$tmp/log" >&2
dd if="$out/fs-ext2" of="$out/disk-both" bs=512 seek=4096 conv=notrunc status=none
truncate -s 4M "$out/disk-many" "$out/disk-twins"
printf 'label: gpt\nstart=64, size=2048, name="twin"\nstart=3000, size=1000, name="twin"\n' | sfdisk -q "$out/disk-twins" 2>"$tmp/log" ||
	cat "$tmp/log" >&2
{ echo 'label: gpt'; for ((n = 0; n < 60; n++)); do echo "start=$((64 + n * 16)), size=16"; done; } |
	sfdisk -q "$out/disk-many" 2>"$tmp/log" || cat "$tmp/log" >&2
for ((n = 0; n < 60; n++)); do
	printf 'LUKS\272\276' | dd of="$out/disk-many" bs=512 seek=$((64 + n * 16)) conv=notrunc status=none
done
truncate -s 60K "$out/disk-small"
mke2fs -q -F -t ext2 -O "none,$common" -b 1024 -N 16 "$out/disk-small" >"$tmp/log" 2>&1 || cat "$tmp/log" >&2

# other formats, if qemu-img is installed
if command -v qemu-img >/dev/null; then
	for format in qcow2 vmdk vhdx vpc vdi parallels qed; do
		qemu-img convert -O $format "$out/fs-inline" "$out/image-$format" >"$tmp/log" 2>&1 || cat "$tmp/log" >&2
	done
	qemu-img create -q -f qcow2 -F raw -b "$out/fs-inline" "$out/image-backed" 2>"$tmp/log" || cat "$tmp/log" >&2
	qemu-img convert -O qcow2 -c -o compat=0.10 "$out/fs-inline" "$out/image-old" 2>"$tmp/log" || cat "$tmp/log" >&2
fi
python3 "$images/../source/sparse.py" make "$out/fs-inline" "$out/image-android" >/dev/null
ls -l "$out" >&2
