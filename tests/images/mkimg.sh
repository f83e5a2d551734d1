#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes test images from recipes: mkimg.sh KIND OUT [LIST]; mkimg.sh --list prints the kinds,
# --table the table.
#
# The same KIND gives the same bytes every time, except natural (it needs root and a mount) and mmp
# (its block names the host and the time). Files go in by debugfs, residue past EOF by raw writes of
# pollute.py. LIST receives what a check must find, as far as debugfs can tell (pollute.py). No kind
# needs root unless the table says so; what is missing is exit 77.

set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
export E2FSPROGS_FAKE_TIME=1700000000 E2FSCK_TIME=1700000000

here=$(cd "$(dirname "$0")" && pwd)

# kind, status of `e2fsck -fn`, what LIST is worth (see ground.py), and what the image holds.
# e2fsck 4 stands for: sizes that it would grow, orphans, encrypted files without a context, names
# cut off, damage; 12 for damage that a run with -n cannot even pass over.
kinds() {
	cat <<-'EOF'
	ext2-rev0      0 full  revision 0: no features at all, 128-byte inodes, names without types
	ext2-1k        0 full  indirect maps, 1 KiB blocks
	ext3-1k        0 full  indirect maps down to the third level
	ext3-4k        0 full  indirect maps, sparse files in the second and third level
	ext4-1k        0 full  extents, unwritten ones, htree directory after e2fsck -D
	ext4-2k        0 full  extents
	ext4-4k        0 full  extents, sparse file past 4 GiB
	ext4-64k       0 full  64 KiB blocks, no journal
	bigalloc       0 full  4 KiB blocks in 16 KiB clusters
	bigalloc-1k    0 full  1 KiB blocks in 8 KiB clusters: block 0 is the boot block
	inline         0 rest  inline files, directories and symlinks
	inline-odd     4 rest  inline symlink slack, an inline size without room
	metabg         0 full  meta_bg, 4 KiB blocks
	metabg-1k      0 full  meta_bg, 1 KiB blocks, 64 groups
	nocsum         0 full  no checksums whatsoever
	uninitbg       0 full  uninit_bg: crc16 group checksums, tables never written
	lazy           0 full  metadata_csum with tables never written over a disk full of 0xa5
	no64bit        0 full  32-byte descriptors
	sparse-super2  0 full  two backup superblocks
	csumseed       0 full  metadata_csum_seed, UUID changed afterwards
	flexbg-off     0 full  ^flex_bg, many groups
	manygroups     0 full  64 groups of 256 blocks
	inode128       0 full  128-byte inodes with checksums
	biginode       0 rest  1024-byte inodes, inline data in them
	mmp            0 full  multi-mount protection block
	quota          0 full  user, group and project quota inodes
	deep           0 full  3,000 and 29,000 extents of one block: trees of depth 2 and 3
	maxextent      0 full  one written extent of 32,768 blocks, the most that its length can say
	verity         0 full  verity files with trees past EOF
	eainode        0 full  attribute values in inodes of their own, shared attribute blocks
	paranoid       0 full  made over a disk full of 0xa5: residue wherever nothing was written
	posteof        4 full  extents: runs past EOF that e2fsck would publish
	posteof-bigalloc 4 full  the same within and beyond clusters
	posteof-ind    4 full  indirect maps: the same
	encrypt        4 full  files, symlinks and a directory with the encrypt flag
	cutoff         4 full  files and directories that the root does not reach
	orphanlist     4 full  orphans with and without links on s_last_orphan
	orphanlist-ind 4 full  the same with indirect maps
	orphanlist-big 4 full  the same in clusters
	orphanfile     4 full  the same in an orphan file
	orphanfile-ind 4 full  the same with indirect maps, also that of the orphan file
	unlinked       4 full  what was deleted while it was open, values and a block of attributes shared with what was not
	e2fsck-orphan  0 full  orphans finished by e2fsck, which leaves their tails
	shared         4 well  shared_blocks: what is past the EOF of one file may be in another
	multiclaim     12 well  blocks that two inodes own
	multiclaim-bigalloc 4 well  clusters that two inodes own, an extent out of place
	metaoverlap    12 well  mappings over static metadata
	damaged        12 well  inodes and trees damaged one way each, checksums on
	damaged-nocsum 4 well  the same, checksums off
	damaged-ind    12 well  indirect maps damaged one way each
	hurd           0 full  a file system of the Hurd: translators, other fields where Linux has high halves
	hurd-claims    4 well  translators that two inodes own, or that lie where none may be
	sickgroup      4 well  descriptors and inode bitmaps that lie or cannot be used
	natural        0 full  (root) a crash of a mounted ext4 in the middle of appends
	EOF
}

die() {
	echo "mkimg.sh: $*" >&2
	exit 1
}

skip() {
	echo "mkimg.sh: SKIP: $*" >&2
	exit 77
}

[ "${1-}" != --list ] || { kinds | awk '{ print $1 }'; exit 0; }
[ "${1-}" != --table ] || { kinds; exit 0; }
[ $# -ge 2 ] || die "usage: mkimg.sh KIND OUT [LIST] | --list | --table"
kind=$1 out=$2 list=${3-/dev/null}
[ "$kind" != natural ] || . "$here/../mounts.sh"
kinds | awk '{ print $1 }' | grep -qxF -e "$kind" || die "no such kind: $kind"
for tool in mke2fs debugfs e2fsck tune2fs python3; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

tmp=$(mktemp -d "${TMPDIR:-/tmp}/mkimg.XXXXXX")
mnt=
cleanup() {
	[ -z "$mnt" ] || umount "$mnt" 2>/dev/null || :
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# the host's defaults have no say
export MKE2FS_CONFIG="$tmp/mke2fs.conf"
printf '[defaults]\nbase_features = none\ninode_ratio = 16384\ninode_size = 256\n[fs_types]\n' \
	>"$MKE2FS_CONFIG"

ext2=ext_attr,dir_index,filetype,sparse_super,large_file,resize_inode
ext3=$ext2,has_journal
ext4=$ext3,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
uuid=5a5a5a5a-1111-2222-3333-444444444444
bs=4096

# mk SIZE FEATURES BLOCKSIZE [mke2fs arguments]
mk() {
	local size=$1 features=$2
	bs=$3
	shift 3
	rm -f "$out"
	truncate -s "$size" "$out"
	[ -z "${fill-}" ] || head -c "$size" /dev/zero | tr '\0' "$fill" >"$out"
	mke2fs -q -F -t ext2 -b "$bs" -O "none,$features" -U "$uuid" -m 0 \
		-E "hash_seed=$uuid,lazy_itable_init=${lazy-0},nodiscard${extra-}" \
		"$@" "$out" >"$tmp/mke2fs" 2>&1 ||
		{ cat "$tmp/mke2fs" >&2; die "$kind: mke2fs failed"; }
}

# a debugfs script from standard input; debugfs exits 0 whatever happens, so its words decide
dbg() {
	debugfs -w -f - "$out" >"$tmp/debugfs" 2>&1 </dev/stdin || :
	! grep -avE '^$|^debugfs|^Allocated inode|^Checksum set' "$tmp/debugfs" >&2 ||
		die "$kind: debugfs failed"
}

tree() {
	mkdir -p "$tmp/tree"
	python3 "$here/imgtree.py" "$tmp/tree" --bs "$bs" "$@" | dbg
	rm -rf "$tmp/tree"
}

pollute() {
	python3 "$here/pollute.py" "$out" --list "$list" --seed "${#kind}" "$@"
}

poke() {
	python3 "$here/imgpoke.py" "$out" "$@"
}

# filler NAME BLOCKS [BYTES]: a host file without a zero byte
filler() {
	head -c "$(($2 * bs + ${3-0}))" /dev/zero | tr '\0' z >"$tmp/$1"
}

ino() {
	debugfs -R "stat $1" "$out" 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p'
}

# the N-th physical block of a file; with a name as ETB1 or IND, the first such tree block
blk() {
	case $2 in
	[0-9]*) debugfs -R "bmap $1 $2" "$out" 2>/dev/null | sed 's/ .*//' ;;
	*)
		debugfs -R "stat $1" "$out" 2>/dev/null | grep -ao "($2):[0-9]*" | sed 's/.*://' |
			sed -n "${3-1}p"
		;;
	esac
}

. "$here/imgkinds.sh"
. "$here/imgdamage.sh"

: >"$list"
"kind_$(tr - _ <<<"$kind")"
