# SPDX-License-Identifier: GPL-2.0-or-later
# The recipes of mkimg.sh for damaged images, a function a kind; sourced by it and of no use alone.
# shellcheck shell=bash disable=SC2154

# Make /shared/b map the blocks of a, and d those of c from the third on; e and f stay alone.
share_two() {
	local old
	filler s 3 100
	{
		echo "mkdir /shared"
		echo "cd /shared"
		for n in a b c d e f; do
			echo "write $tmp/s $n"
		done
		echo "sif a size $((3 * bs + 50))"
	} | dbg
	old=$(blk /shared/b 0)
	dbg <<-EOF
	sif /shared/b block[5] $(blk /shared/a 0)
	freeb $old 4
	EOF
	old=$(blk /shared/d 0)
	dbg <<-EOF
	sif /shared/d block[5] $(($(blk /shared/c 0) + 2))
	freeb $old 4
	EOF
}

kind_shared() {
	mk 16M "$ext4" 1024 -N 1024
	tree --extents
	debugfs -w -R "feature shared_blocks" "$out" >/dev/null 2>&1
	share_two
	pollute
	dbg <<-EOF
	sif /d0/f0001 block[0] 0x1f30b
	sif /d0/f0002 block[1] 0x60004
	sif /d0/f0003 file_acl 20000
	EOF
	# what lies past EOF of these files another one shows
	sed 's/"fixable": true/"fixable": false/
		/"pblk": '"$(blk /shared/b 1)"',/d; /"pblk": '"$(blk /shared/b 3)"',/d; /"pblk": '"$(blk /shared/c 3)"',/d' \
		"$list" >"$tmp/listed"
	cat "$tmp/listed" >"$list"
}

kind_multiclaim() {
	mk 16M "$ext4,ea_inode" 1024 -N 1024
	tree --extents --grow --deep 400
	share_two
	dbg <<-EOF
	ea_set /d1/f0040 user.small $(printf 'e%.0s' $(seq 1 300))
	ea_set /d1/f0046 user.small $(printf 'f%.0s' $(seq 1 300))
	EOF
	# data over a tree block; a file over itself; an attribute block that is data; a deleted
	# inode's claim
	dbg <<-EOF
	sif /d0/f0015 block[5] $(blk /deep400 ETB0)
	sif /d0/f0013 block[8] $(blk /d0/f0013 0)
	sif /d1/f0040 file_acl $(blk /d1/f0045 0)
	sif /d1/f0058 block[5] $(blk /d1/f0061 0)
	sif /d1/f0058 links_count 0
	unlink /d1/f0058
	EOF
	pollute
}

# /two/b maps a's blocks; d another block of c's cluster; f is one block off.
kind_multiclaim_bigalloc() {
	mk 64M "$(ext4_without resize_inode),bigalloc" 4096 -C 16384 -N 1024
	tree --extents --ratio 4 --deep 90
	filler t 1 100
	filler whole 4
	{
		echo "mkdir /two"
		echo "cd /two"
		for n in a b c d e f g; do
			echo "write $tmp/$([ $n = b ] && echo whole || echo t) $n"
		done
	} | dbg
	pollute
	# d: logical blocks 2 and 3 instead of 0 and 1
	dbg <<-EOF
	sif /two/b block[5] $(blk /two/a 0)
	sif /two/d block[3] 2
	sif /two/d size $((3 * bs + 100))
	sif /two/d block[5] $(($(blk /two/c 0) + 2))
	sif /two/f block[5] $(($(blk /two/f 0) + 1))
	EOF
}

# place WHAT N: where the N-th of these (dumpe2fs's words) lies
place() {
	dumpe2fs "$out" 2>/dev/null | sed -n "s/.*$1 at \([0-9]*\).*/\1/p" | sed -n "$2p"
}

kind_metaoverlap() {
	mk 16M "$(ext4_without flex_bg)" 1024 -N 1024 -g 2048
	tree --extents
	pollute
	dbg <<-EOF
	sif /d0/f0000 block[5] 1
	sif /d0/f0001 block[5] $(place 'Primary superblock' 1)
	sif /d0/f0002 block[5] $(place 'Backup superblock' 1)
	sif /d0/f0003 block[5] $(($(place 'Backup superblock' 1) + 1))
	sif /d0/f0005 block[5] $(place 'Reserved GDT blocks' 1)
	sif /d0/f0006 block[5] $(place 'Block bitmap' 3)
	sif /d0/f0007 block[5] $(place 'Inode bitmap' 2)
	sif /d0/f0009 block[5] $(place 'Inode table' 4)
	sif /d0/f0010 block[5] $(($(place 'Inode table' 5) - 2))
	sif /d0/f0011 file_acl $(place 'Inode table' 2)
	EOF
}

# One way a file, /d0/f0000 and on; the deep files give tree blocks.
damage_extents() {
	local first second
	dbg <<-EOF
	sif /d0/f0000 block[0] 0x1f30b
	sif /d0/f0001 block[0] 0x5f30a
	sif /d0/f0002 block[1] 0x5
	sif /d0/f0003 block[1] 0x60004
	sif /d0/f0005 block[1] 0x10004
	sif /d0/f0006 block[4] 0
	sif /d0/f0007 block[5] 20480
	sif /d0/f0010 block[5] 20478
	sif /d0/f0016 block[4] 0x70001
	sif /d0/f0011 block[3] 0xffffffff
	sif /d0/f0012 size 0x1000000000000000
	sif /d0/f0013 block[6] 0
	sif /d0/f0014 flags 0
	sif /d0/f0015 flags 0x10000000
	sif /d0/f0018 file_acl 999999
	sif /odd/slow400 block[0] 0
	EOF
	for n in 301 302 303 304; do
		[ -n "$(blk "/deep$n" ETB0 2)" ] || die "/deep$n has one tree block only"
	done
	first=$(blk /deep301 ETB0 1) second=$(blk /deep301 ETB0 2)
	[ "$first" != "$second" ] || die "tree blocks"
	poke block "$first" 0x10 ffff
	poke block "$(blk /deep302 ETB0 2)" 12 00000000
	poke treecsum "$(ino /deep302)" "$(blk /deep302 ETB0 2)"
	dbg <<-EOF
	sif /deep303 block[1] 0x20004
	sif /deep304 block[7] $(blk /deep304 ETB0 1)
	EOF
}

kind_damaged() {
	mk 20M "$ext4" 1024 -N 1024
	tree --extents --deep 301 --deep 302 --deep 303 --deep 304 --deep 305
	pollute
	damage_extents
	# a tree block with nothing wrong but its checksum; inodes likewise
	poke block "$(blk /deep305 ETB0 2)" 8 77777777
	poke inode "$(ino /d1/f0040)" 4 11
	poke inode "$(ino /d1/f0041)" 0x7c 0101
	poke inode "$(ino /d1/f0042)" 0x82 0101
	poke inode "$(ino /odd/slow60)" 0x64 01
	poke inode "$(ino /odd/pipe)" 0x8 01
}

kind_damaged_nocsum() {
	mk 20M "$(ext4_without metadata_csum)" 1024 -N 1024
	tree --extents --deep 301 --deep 302 --deep 303 --deep 304
	pollute
	damage_extents
}

kind_damaged_ind() {
	mk 20M "$ext3" 1024 -N 1024
	tree --far 5000 --far 65804 --far 70000 --far 80000 --far 90000
	pollute
	poke block "$(blk /far65804 DIND)" 0x20 ffffff7f
	dbg <<-EOF
	sif /d0/f0000 block[0] 20480
	sif /d0/f0001 block[0] 1
	sif /d0/f0002 block[11] 4000000000
	sif /d0/f0003 block[IND] 30000
	sif /d0/f0005 block[TIND] 2
	sif /d0/f0006 size 0x1000000000000000
	sif /d0/f0007 block[3] $(blk /d0/f0009 0)
	sif /far5000 block[IND] $(blk /far5000 DIND)
	sif /far70000 block[TIND] $(blk /far70000 DIND)
	sif /far80000 block[DIND] $(blk /far90000 DIND)
	EOF
}

# Groups: 1 table outside; 2 says INODE_UNINIT and 3 no inode used, with wrong checksums; 4 a bitmap
# that is wrong; 5 no bitmap; 6 INODE_UNINIT with a right checksum: its files are not in use.
kind_sickgroup() {
	mk 16M "$(ext4_without flex_bg resize_inode)" 1024 -N 512 -g 2048
	tree --extents
	pollute
	local bitmap
	bitmap=$(place 'Inode bitmap' 5)
	dbg <<-EOF
	set_bg 1 inode_table 99999
	set_bg 1 checksum calc
	set_bg 2 flags 1
	set_bg 2 checksum 0x1234
	set_bg 3 itable_unused 64
	set_bg 3 checksum 0x1234
	set_bg 5 inode_bitmap 99999
	set_bg 5 checksum calc
	set_bg 6 flags 1
	set_bg 6 checksum calc
	EOF
	poke block "$bitmap" 0 00
	# 64 inodes a group; what groups 1 and 6 hold cannot be found
	python3 - "$list" <<-'EOF'
	import json, sys
	with open(sys.argv[1]) as f:
	    kept = [line for line in f if (json.loads(line)["ino"] - 1) // 64 not in (1, 6)]
	with open(sys.argv[1], "w") as f:
	    f.writelines(kept)
	EOF
}

# hurd_tree: files of which two have translators, in blocks of their own, and others what Linux keeps elsewhere
hurd_tree() {
	mk 12M sparse_super,large_file,resize_inode 1024 -N 1024 -I 128 -o hurd
	tree --files 160 --far 267
	dbg <<-EOF
	setb 10000
	setb 10001
	sif /d0/f0000 translator 10000
	sif /d0/f0001 translator 10001
	EOF
	poke inode "$(ino /d0/f0002)" 0x76 0700
	poke inode "$(ino /d0/f0003)" 0x7c 34125678
	# two sectors more each; the descriptors count two blocks less
	for f in /d0/f0000 /d0/f0001; do
		dbg <<<"sif $f blocks $(($(debugfs -R "stat $f" "$out" 2>/dev/null | sed -n 's/.*Blockcount: //p') + 2))"
	done
	e2fsck -fy "$out" >/dev/null 2>&1 || [ $? -eq 1 ] || die "e2fsck -fy"
}

kind_hurd() {
	hurd_tree
	pollute
}

kind_hurd_claims() {
	hurd_tree
	pollute
	dbg <<-EOF
	sif /d0/f0001 translator 10000
	sif /d0/f0005 translator 1
	sif /d0/f0006 translator 99999999
	sif /d0/f0007 translator $(blk /d0/f0009 0)
	EOF
}
