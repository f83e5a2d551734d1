# SPDX-License-Identifier: GPL-2.0-or-later
# More recipes of mkimg.sh: damage, shared blocks and a real crash; sourced by it and of no use alone.
# shellcheck shell=bash disable=SC2154

# -- damage --------------------------------------------------------------------------------------------

# Make /shared/b and /shared/d map the blocks of a and c; /shared/e, f share with it off.
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
	EOF
	: >"$list"
}

kind_multiclaim() {
	mk 16M "$ext4,ea_inode" 1024 -N 1024
	tree --extents --grow --deep 400
	share_two
	dbg <<-EOF
	ea_set /d1/f0040 user.small $(printf 'e%.0s' $(seq 1 300))
	ea_set /d1/f0046 user.small $(printf 'f%.0s' $(seq 1 300))
	EOF
	# data over a tree block; a file over itself; an attribute block that is data; a deleted inode's claim
	dbg <<-EOF
	sif /d0/f0015 block[5] $(blk /deep400 ETB0)
	sif /d0/f0013 block[8] $(blk /d0/f0013 0)
	sif /d1/f0040 file_acl $(blk /d1/f0045 0)
	sif /d1/f0058 block[5] $(blk /d1/f0061 0)
	sif /d1/f0058 links_count 0
	unlink /d1/f0058
	EOF
	pollute
	: >"$list"
}

kind_metaoverlap() {
	mk 16M "$(ext4_without flex_bg)" 1024 -N 1024 -g 2048
	tree --extents
	pollute
	local d
	d() { dumpe2fs "$out" 2>/dev/null | sed -n "s/.*$1 at \([0-9]*\).*/\1/p" | sed -n "$2p"; }
	dbg <<-EOF
	sif /d0/f0000 block[5] 1
	sif /d0/f0001 block[5] $(d 'Primary superblock' 1)
	sif /d0/f0002 block[5] $(d 'Backup superblock' 1)
	sif /d0/f0003 block[5] $(($(d 'Backup superblock' 1) + 1))
	sif /d0/f0005 block[5] $(d 'Reserved GDT blocks' 1)
	sif /d0/f0006 block[5] $(d 'Block bitmap' 3)
	sif /d0/f0007 block[5] $(d 'Inode bitmap' 2)
	sif /d0/f0009 block[5] $(d 'Inode table' 4)
	sif /d0/f0010 block[5] $(($(d 'Inode table' 5) - 2))
	sif /d0/f0011 file_acl $(d 'Inode table' 2)
	EOF
	: >"$list"
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
	poke block "$(blk /deep303 ETB0 2)" 6 0100
	poke treecsum "$(ino /deep303)" "$(blk /deep303 ETB0 2)"
	dbg <<-EOF
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
	: >"$list"
}

kind_damaged_nocsum() {
	mk 20M "$(ext4_without metadata_csum)" 1024 -N 1024
	tree --extents --deep 301 --deep 302 --deep 303 --deep 304
	pollute
	damage_extents
	: >"$list"
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
	: >"$list"
}

# Groups: 1 table outside; 2 says INODE_UNINIT and 3 no inode used, with wrong checksums; 4 a bitmap that is
# wrong; 5 no bitmap; 6 INODE_UNINIT with a right checksum: its files are not in use.
kind_sickgroup() {
	mk 16M "$(ext4_without flex_bg resize_inode)" 1024 -N 512 -g 2048
	tree --extents
	pollute
	local bitmap
	bitmap=$(dumpe2fs "$out" 2>/dev/null | sed -n 's/.*Inode bitmap at \([0-9]*\).*/\1/p' | sed -n 5p)
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
	: >"$list"
}

# -- a real crash --------------------------------------------------------------------------------------

kind_natural() {
	[ "$(id -u)" = 0 ] || skip "natural needs root to mount"
	mk 32M "$ext4" 4096 -N 512
	mv "$out" "$tmp/live"
	mkdir "$tmp/mnt"
	mount -o loop,commit=600 "$tmp/live" "$tmp/mnt" 2>/dev/null || skip "cannot mount a loop device here"
	mnt=$tmp/mnt
	python3 - "$mnt" <<-'EOF'
	import ctypes, os, sys
	libc = ctypes.CDLL(None, use_errno=True)
	libc.sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
	open_files = []
	for n in range(60):
	    fd = os.open("%s/log%d" % (sys.argv[1], n), os.O_RDWR | os.O_CREAT)
	    os.write(fd, b"A" * (500 + 130 * n))
	    os.fsync(fd)
	    open_files.append(fd)
	for n, fd in enumerate(open_files):
	    os.write(fd, b"B" * (1 + 7 * n))
	    # wait before, write, wait after: the data is on the disk, the size is not
	    if libc.sync_file_range(fd, 0, 1 << 20, 7):
	        sys.exit(os.strerror(ctypes.get_errno()))
	EOF
	cp --sparse=always "$tmp/live" "$out"
	umount "$mnt"
	mnt=
	e2fsck -fy -E journal_only "$out" >/dev/null 2>&1 || [ $? -eq 1 ] || die "journal replay"
	pollute --no-plant
}
