#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is not ext is called by its name, with a command that helps.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

# head NAME BYTES [OFFSET]: a file of 1 MiB with these bytes in it
head_file() {
	rm -f "$1"
	truncate -s 1M "$1"
	printf "$2" | dd of="$1" bs=1 seek="${3:-0}" conv=notrunc status=none
}
try() {
	head_file x.img "$2" "${4:-0}"
	remember_image x.img
	refuses "this is .*$1.*; .*$3" ${format-} x.img
	image_unchanged x.img
}
# those that are opened, where they are to be taken for raw images
format='--image-format raw'
try qcow2 'QFI\xfb\0\0\0\3' 'a separate file, not as a raw image'
try VMDK 'KDMV\1\0\0\0' 'a separate file, not as a raw image'
try VMDK '# Disk DescriptorFile\n' 'a separate file, not as a raw image'
try VHDX 'vhdxfile' 'a separate file, not as a raw image'
try VHD 'conectix' 'a separate file, not as a raw image'
try VDI '\x7f\x10\xda\xbe' 'a separate file, not as a raw image' 64
try Parallels 'WithoutFreeSpace' 'a separate file, not as a raw image'
try QED 'QED\0' 'a separate file, not as a raw image'
try Android '\x3a\xff\x26\xed\1\0' simg2img
try LUKS1 'LUKS\xba\xbe\0\1' 'cryptsetup open'
format=
try 'qcow image of another version' 'QFI\xfb\0\0\0\1' qemu-img
try VMDK 'COWD' qemu-img
try gzip '\x1f\x8b\x08' gunzip
try xz '\xfd7zXZ\0' unxz
try zstd '\x28\xb5\x2f\xfd' unzstd
try bzip2 'BZh9' bunzip2
try lz4 '\x04\x22\x4d\x18' unlz4
try zip 'PK\3\4' unzip
try tar 'ustar' 'tar -xf' 257
try squashfs 'hsqs\0\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\1\0\0\0\0\0\0\0\4\0\0\0' unsquashfs
luks='LUKS\xba\xbe\0\1'

# as their own tools make them
made() {
	local pattern=$1 tool=$2
	shift 2
	if command -v "$tool" >/dev/null; then
		rm -f x.img
		truncate -s 320M x.img
		"$tool" "$@" x.img >made.out 2>&1 || fail "$tool: $(cat made.out)"
		refuses "$pattern" x.img
	fi
}
made 'XFS.*xfs_repair' mkfs.xfs -q
made 'swap space.*mkswap' mkswap
made 'btrfs' mkfs.btrfs
made 'FAT' mkfs.vfat

# encryption in front of an old superblock is encryption; the old superblock can still be had
requires mke2fs
make_ext x.img 8M
printf "$luks" | dd of=x.img conv=notrunc status=none
refuses 'header is that of a luks image, but there is also an ext superblock' x.img
refuses 'LUKS1 encrypted.*offset=0' --image-format raw x.img
opens --image-format raw 'x.img?offset=0'

# a ZFS pool leaves an old superblock alone; any one of its four labels is enough
zfs_labels() { # IMAGE MIB LABEL: uberblocks everywhere, the list of names and values in one label
	local label
	for label in 0 1 $((4 * $2 - 2)) $((4 * $2 - 1)); do
		for ((i = 0; i < 4; i++)); do
			printf '\x0c\xb1\xba\0\0\0\0\0\x88\x13\0\0\0\0\0\0\1\0' |
				dd of="$1" bs=1K seek=$((256 * label + 128 + i)) conv=notrunc status=none
		done
	done
	printf '\1\1\0\0\0\0\0\0\0\0\0\1' |
		dd of="$1" bs=1K seek=$((256 * $3 + 16)) conv=notrunc status=none
}
for label in 0 1 254 255; do
	make_ext x.img 64M
	zfs_labels x.img 64 $label
	refuses 'signatures of several file systems' x.img
done

# several of them without ext among them are not nothing
head_file x.img 'hsqs\0\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\1\0\0\0\0\0\0\0\4\0\0\0'
truncate -s 64M x.img
zfs_labels x.img 64 0
refuses 'this is something with the signatures of several file systems; "wipefs' x.img

# so may a log of XFS, which has a record in one of its first 512 sectors: version 2, 512 bytes, little-endian
{
	printf '\xfe\xed\xba\xbe\0\0\0\1\0\0\0\2\0\0\2'
	head -c 285 /dev/zero
	printf '\0\0\0\1'
} >record
for sector in 16 511; do
	make_ext x.img 64M
	dd if=record of=x.img bs=512 seek=$sector conv=notrunc status=none
	refuses 'signatures of several file systems' x.img
done

# an external journal is not a file system
rm -f x.img
truncate -s 16M x.img
mke2fs -q -F -O journal_dev x.img
refuses 'external journal' x.img
