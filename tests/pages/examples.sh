#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of README, the manual pages and doc/ run, and print what the page shows.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"
requires python3
requires mke2fs
requires debugfs

# numbers in the pages follow from what mke2fs does on Debian 12
cat >mke2fs.conf <<-END
	[defaults]
		base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
		default_mntopts = acl,user_xattr
		enable_periodic_fsck = 0
		blocksize = 4096
		inode_size = 256
		inode_ratio = 4096
	[fs_types]
		small = {
			inode_ratio = 4096
		}
		ext4 = {
			features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
		}
END
export MKE2FS_CONFIG=$tmp/mke2fs.conf E2FSPROGS_SKIP_PROGRESS=1
mkdir bin
ln -s "$E4ZERO" bin/e4zero
PATH=$tmp/bin:$PATH

# The file system that the pages call root.img: the commands for debugfs, and the sizes that leave tails.
root_image() { # IMAGE
	truncate -s 32M "$1" && mke2fs -q -F -t ext4 -L rootfs "$1" || fail mke2fs
	head -c 10000 /dev/zero | tr '\0' x >text
	yes 'Dear bank, the PIN is 4711.' | head -c 4000 >letter
	printf 'localhost\n' >hostname
	debugfs_script "$1" <<-'END'
		mkdir /etc
		mkdir /home
		mkdir /srv
		mkdir /var
		mkdir /var/log
		mkdir /var/log/app
		mkdir /var/lib
		mkdir /var/lib/db
		write text /etc/shadow
		write hostname /etc/hostname
		write letter /home/letter.txt
		write text /srv/index.html
		write text /var/log/syslog
		write text /var/log/wtmp
		write text /var/log/app/old.log
		write text /var/log/app/new.log
		write text "/var/lib/db/my journal"
		write text /var/lib/db/pages
		sif /home/letter.txt size 1000
		sif /srv/index.html size 5000
		zap_block -f /var/log/app/old.log 0
		zap_block -f /var/log/app/old.log 1
	END
}

disk_image() { # IMAGE: a disk with an MBR and two file systems of 32 MiB; the first is called rootfs and begins at 1 MiB
	truncate -s 65M "$1"
	{
		printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\0\001\0'   # type 0x83, from sector 2048 on, 65536 sectors
		printf '\0\0\0\0\203\0\0\0\0\010\001\0\0\0\001\0' # from sector 67584 on
		head -c 32 /dev/zero
		printf '\125\252'
	} | dd of="$1" bs=1 seek=446 conv=notrunc status=none
	dd if=root.img of="$1" bs=1M seek=1 conv=notrunc,sparse status=none
	truncate -s 32M data && mke2fs -q -F -t ext4 -L data data || fail mke2fs
	dd if=data of="$1" bs=1M seek=33 conv=notrunc,sparse status=none
}

root_image root.img
mkdir files files/images files/tree
for image in root home images/a images/b; do
	cp --sparse=always root.img files/$image.img
done
disk_image files/disk.img
cp text files/tree/file

pages=(README.md man/e4zero.8 man/e4zero-script.5 man/e4zero-json.5 doc/journal.md)
[ $# = 0 ] || pages=("$@")
failed=0
for page in "${pages[@]}"; do
	cp -r --sparse=always files "page-${page##*/}"
	(cd "page-${page##*/}" && python3 "$srcdir/tests/pages/examples.py" "$srcdir/$page") || failed=1
done
[ $failed = 0 ] || fail 'a page shows what is not so'
