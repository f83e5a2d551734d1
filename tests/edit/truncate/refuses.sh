#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --truncate refuses: exit 8, one sentence that says why, the image as it was.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image -O verity,encrypt,ea_inode
debugfs_script image <<-END2
	write ten verity
	sif verity flags 0x180000
	write ten secret
	sif secret flags 0x80800
	write ten value
	sif value flags 0x280000
	write ten orphan
	sif orphan links_count 0
	write ten broken
	sif broken block[5] 99999999
END2
# no PATTERN SIZE FILE
no() {
	untouched 8 "$1" image --truncate "$2" image "$3"
	[ ! -s out ] || fail "a report in spite of: $*"
}
no 'a directory' 0 /dir
no 'a directory' 0 /
no 'a device' 0 /null
no 'a symbolic link' 0 "<$(ino_of image /link)>"
no 'verity' 0 /verity
no 'encrypted' 5000 /secret
no 'extended attribute' 0 /value
no 'is unlinked' 0 "<$(ino_of image /orphan)>"
while read -r ino what; do
	no "<$ino>: belongs to the file system itself: it is $what" 0 "<$ino>"
	untouched 8 "<$ino>: belongs to the file system itself" image --convert hole image "<$ino>"
done <<-END2
	1 the list of bad blocks
	3 the user quota
	4 the group quota
	5 the boot loader
	6 the undelete directory
	7 space for more group descriptors
	8 the journal
	9 the exclude bitmap
	10 the replica
END2
no 'No such file' 0 /missing
no 'No such file|[Nn]ot a directory' 0 /file/below
no '^e4zero: image: looking up /a\\x0ab: No such file in the image$' 0 $'/a\nb'
no 'No such file' 0 '<4000000>'
no 'No such file' 0 '<0>'
no 'can hold [0-9]+ bytes at most$' 16T /file
no 'can hold [0-9]+ bytes' 0xffffffffffffffff /file
no '.' 0 /broken
# whole blocks of an encrypted file may go
debugfs_script image <<<'clri broken'
run_e4zero 0 --truncate 4096 image /secret

# a file system that must not be edited
edit_image image
debugfs -w -R 'ssv state 3' image >debugfs.log 2>&1
no 'having errors' 0 /file
run_e4zero 0 --force --truncate 0 image /file
debugfs -w -R 'feature shared_blocks' image >debugfs.log 2>&1
no 'share blocks' 0 /small
run_e4zero 8 --json --fix image
same 'shared_blocks' "$(jq -r 'select(.type == "error") | "\(.context)|\(.message)|\(.name)"' out)" \
	'|files share blocks (feature shared_blocks): an edit of one would change others|E4Z_ET_FEATURE'
same 'shared_blocks' "$(cat err)" "e4zero: image: $(records error message)"
# --check judges it
run_e4zero 0 -v image
same 'summary' "$(tail -n 1 out)" 'image: 0 findings (0 stale bytes) in 3 files'
rm image
untouched 8 'No such file' ten --truncate 0 image /file
untouched 8 'no ext superblock found' ten --truncate 0 ten /file

# those that the superblock names
edit_image image -O orphan_file,quota -E quotatype=usrquota:prjquota -I 256
while IFS=: read -r field what; do
	ino=$(dumpe2fs -h image 2>/dev/null | sed -n "s/^$field inode: *//p")
	[ -n "$ino" ] || fail "no $field inode"
	no "<$ino>: belongs to the file system itself: it is $what" 0 "<$ino>"
done <<-END2
	Orphan file:the orphan file
	Project quota:the project quota
	User quota:the user quota
END2

# the image may not be written
edit_image image
chmod 400 image
[ "$(id -u)" = 0 ] || no 'opening the image for writing' 0 /file
