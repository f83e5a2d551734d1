#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a file system of the Hurd the words of an inode that Linux has other fields in stay as they are, and a
# translator's block belongs to its file.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

hurd_image() {
	truncate -s 32M "$1"
	mke2fs -q -F -t ext2 -b 4096 -o hurd -I 128 -O ^ext_attr "$1" || fail mke2fs
	head -c 5000 /dev/zero | tr '\0' A >five
	# the high half of the mode and the author stand where Linux has i_file_acl_high and a checksum
	debugfs_script "$1" <<-END2
		write five f
		write five g
		setb 4000
		sif g translator 4000
		sif g blocks 24
	END2
	python3 "$srcdir/tests/images/imgpoke.py" "$1" inode "$(ino_of "$1" /g)" 0x76 0900
	python3 "$srcdir/tests/images/imgpoke.py" "$1" inode "$(ino_of "$1" /g)" 0x7c 21436587
	e2fsck -fy "$1" >/dev/null 2>&1 || [ $? = 1 ] || fail e2fsck
	e2fsck -fn "$1" >e2fsck.out 2>&1 || fail "the image: $(cat e2fsck.out)"
}

# words IMAGE FILE: osd1 and osd2 of its inode
words() {
	debugfs -R "inode_dump $2" "$1" 2>/dev/null | awk '/^0040/ { print $4, $5 } /^0160/ { print $4, $5, $6, $7, $8, $9 }'
}

hurd_image image
words image /g >before
same 'osd1 and osd2' "$(paste -sd' ' before)" 'a00f 0000 0000 0900 0000 0000 2143 6587'
for edit in '--truncate 100' '--truncate 9000' '--punch-hole -o 0 -l 4096' '--write --from five -o 6000'; do
	# shellcheck disable=SC2086 # a verb with its options
	for file in /f /g; do
		run_e4zero 0 $edit image $file
	done
	sound image
done
run_e4zero 0 --fix --all image
run_e4zero 0 --check --all image
sound image
words image /g | diff before - || fail 'osd1 or osd2 of /g has changed'
same 'i_translator of /f' "$(debugfs -R 'stat /f' image 2>/dev/null | grep -o 'Translator: .*')" 'Translator: 0'

# a file whose translator is one of its own blocks
hurd_image own
debugfs_script own <<<"sif g translator $(physical own /g 1)"
run_e4zero 4 --json own
same 'a block of its own' "$(kinds)" '/g unreadable'
untouched 8 'twice' own --truncate 100 own /g

# what no kernel mounts, and what the kernel and e2fsck disagree on
make_image wide 32M -O ^has_journal,64bit
debugfs_script wide <<<'ssv creator_os 1'
run_e4zero 0 --check wide
untouched 8 'Hurd' wide --fix wide
stale_image sums
debugfs_script sums <<-'END2'
	sif tail checksum 0x1234
	ssv creator_os 3
END2
run_e4zero 4 --json sums
same 'checksums that are not there' "$(kinds)" '/tail stale-tail
/past post-eof-data'
untouched 8 'metadata_csum' sums --fix sums
