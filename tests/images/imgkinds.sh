# SPDX-License-Identifier: GPL-2.0-or-later
# The recipes of mkimg.sh, a function a kind; sourced by it and of no use alone.
# shellcheck shell=bash disable=SC2154

ext4_without() {
	local features=",$ext4,"
	for f; do
		features=${features/,$f,/,}
	done
	features=${features#,}
	echo "${features%,}"
}

# -- kinds of file system --------------------------------------------------------------------------

kind_ext2_rev0() {
	bs=1024
	rm -f "$out"
	truncate -s 12M "$out"
	mke2fs -q -F -r 0 -b 1024 -O none -U "$uuid" -N 512 -m 0 -E "hash_seed=$uuid" "$out" \
		>/dev/null 2>&1 || die "mke2fs -r 0"
	tree --files 160
	pollute
}

kind_ext2_1k() {
	mk 12M "$ext2" 1024 -N 1024 -I 128
	tree --files 300
	pollute
}

kind_ext3_1k() {
	mk 14M "$ext3" 1024 -N 1024 -I 128
	tree --files 240 --far 267 --far 5000 --far 65803 --far 65804 --far 400000
	pollute
}

kind_ext3_4k() {
	mk 32M "$ext3" 4096 -N 1024
	tree --files 240 --far 1035 --far 1036 --far 1049611 --far 1049612
	pollute
}

kind_ext4_1k() {
	mk 16M "$ext4" 1024 -N 2048
	tree --files 400 --extents --deep 400 --far 3000000
	e2fsck -fyD "$out" >/dev/null 2>&1 || [ $? -eq 1 ] || die "e2fsck -D"
	pollute
}

kind_ext4_2k() {
	mk 24M "$ext4" 2048 -N 1024
	tree --extents --deep 700
	# too little room for the upper half of the checksum
	dbg <<-EOF
	sif /d0/f0000 extra_isize 0
	sif /d0/f0007 extra_isize 0
	EOF
	pollute
}

kind_ext4_4k() {
	mk 40M "$ext4" 4096 -N 1024
	tree --files 300 --extents --deep 1000 --far 2000000
	pollute
}

kind_ext4_64k() {
	mk 64M "$(ext4_without has_journal resize_inode)" 65536 -N 512
	tree --files 120 --past 12 --extents --deep 5
	pollute
}

kind_bigalloc() {
	mk 64M "$(ext4_without resize_inode),bigalloc" 4096 -C 16384 -N 1024
	tree --extents --ratio 4 --deep 90
	pollute
}

kind_bigalloc_1k() {
	mk 24M "$(ext4_without resize_inode),bigalloc" 1024 -C 8192 -N 1024
	tree --extents --ratio 8 --deep 90
	pollute
}

kind_metabg() {
	mk 80M "$(ext4_without resize_inode),meta_bg" 4096 -g 256 -N 2560
	tree --extents --deep 400
	pollute
}

kind_metabg_1k() {
	mk 16M "$(ext4_without resize_inode),meta_bg" 1024 -g 256 -N 1024
	tree --extents
	pollute
}

kind_nocsum() {
	mk 16M "$(ext4_without metadata_csum)" 1024 -N 1024
	tree --extents --deep 400
	pollute
}

kind_uninitbg() {
	lazy=1 fill='\245' mk 20M "$(ext4_without metadata_csum),uninit_bg" 1024 -N 8192 -g 2048
	tree --extents
	pollute
}

kind_lazy() {
	lazy=1 fill='\245' mk 20M "$ext4" 1024 -N 8192 -g 2048
	tree --extents
	pollute
}

kind_no64bit() {
	mk 16M "$(ext4_without 64bit)" 1024 -N 1024 -g 1024
	tree --extents
	pollute
}

kind_sparse_super2() {
	mk 20M "$(ext4_without sparse_super resize_inode),sparse_super2" 1024 -N 1024 -g 1024
	tree --extents
	pollute
}

kind_csumseed() {
	mk 16M "$ext4,metadata_csum_seed" 1024 -N 1024
	tree --extents --deep 400
	tune2fs -U 77777777-1111-2222-3333-444444444444 "$out" >/dev/null 2>&1 || die "tune2fs -U"
	pollute
}

kind_flexbg_off() {
	mk 20M "$(ext4_without flex_bg)" 1024 -N 2048 -g 512
	tree --extents --files 300
	pollute
}

kind_manygroups() {
	mk 16M "$(ext4_without resize_inode)" 1024 -N 1024 -g 256
	tree --extents
	pollute
}

kind_inode128() {
	mk 16M "$(ext4_without extra_isize)" 1024 -N 1024 -I 128
	tree --extents --deep 400
	pollute
}

kind_mmp() {
	mk 16M "$ext4" 1024 -N 512
	tree --extents --files 120
	# last: every later opening for writing would wait for its interval
	tune2fs -O mmp "$out" >/dev/null 2>&1 || die "tune2fs -O mmp"
	pollute
}

kind_quota() {
	extra=,quotatype=usrquota:grpquota:prjquota mk 16M "$ext4,quota,project" 1024 -N 512 -I 256
	tree --extents --files 120
	e2fsck -fy "$out" >/dev/null 2>&1 || [ $? -eq 1 ] || die "e2fsck for the quota files"
	pollute
}

kind_deep() {
	mk 48M "$ext4" 1024 -N 512
	tree --extents --files 60 --deep 3000 --deep 29000
	pollute
}

# debugfs gives unwritten extents of 32,767 blocks at most: 0xffff. 0x8000 is the longest written
# one.
kind_maxextent() {
	local features
	features=$(ext4_without sparse_super resize_inode has_journal),sparse_super2
	extra=,num_backup_sb=0 mk 44M "$features" 1024 -N 512
	: >"$tmp/empty"
	dbg <<-EOF
	write $tmp/empty max
	fallocate max 0 32767
	sif max size $((32767 * 1024 + 100))
	EOF
	[ "$(blk /max 32767)" = $(($(blk /max 0) + 32767)) ] || die "/max is not contiguous"
	dbg <<-EOF
	sif max block[0] 0x1f30a
	sif max block[4] 0x8000
	sif max block[6] 0
	sif max block[7] 0
	sif max block[8] 0
	EOF
	tree --extents --files 60
	pollute
}

kind_paranoid() {
	fill='\245' mk 24M "$ext4" 1024 -N 1024
	tree --extents --files 300
	pollute
}

# -- kinds of inode --------------------------------------------------------------------------------

# inline_slack PATH SIZE FIRST LAST: one for the list
inline_slack() {
	printf '{"kind": "inline-slack", "path": "%s", "size": %d, ' "$1" "$2" >>"$list"
	printf '"first": %d, "last": %d, "nonzero": %d}\n' "$3" "$4" $(($4 - $3 + 1)) >>"$list"
}

# Inline files whose size was lowered: what was cut off stays behind in the inode. The list is by
# path.
inline_files() {
	local most=$1 n size cut first last
	{
		echo "mkdir /inline"
		echo "cd /inline"
		for ((n = 0; n < 48; n++)); do
			size=$((1 + (n * 37) % most))
			head -c "$size" /dev/zero | tr '\0' i >"$tmp/i$n"
			echo "write $tmp/i$n i$n"
			if ((n % 3)); then
				cut=$((size * (n % 5) / 5))
				echo "sif i$n size $cut"
				first=$cut last=$((size - 1))
				inline_slack "/inline/i$n" "$cut" "$first" "$last"
			fi
		done
		echo "mkdir small"
		echo "cd small"
		for ((n = 0; n < 12; n++)); do
			echo "write $tmp/i3 tiny$n"
		done
		echo "symlink link $(printf 'l%.0s' $(seq 1 70))"
	} | dbg
}

kind_inline() {
	mk 16M "$ext4,inline_data" 1024 -N 1024 -I 256
	tree --extents --inline
	inline_files 128
	pollute
}

kind_inline_odd() {
	mk 16M "$ext4,inline_data" 1024 -N 1024 -I 256
	tree --extents --inline --files 60
	inline_files 128
	dbg <<-EOF
	symlink /inline/cut $(printf 'c%.0s' $(seq 1 70))
	sif /inline/cut size 61
	sif /inline/i3 size 129
	sif /inline/i7 flags 0x10000800
	EOF
	grep -v '"/inline/i[37]"' "$list" >"$tmp/list" || :
	cat "$tmp/list" >"$list"
	inline_slack /inline/cut 61 61 69
	pollute
}

kind_biginode() {
	mk 16M "$ext4,inline_data" 1024 -N 1024 -I 1024
	tree --extents --inline
	inline_files 700
	pollute
}

kind_encrypt() {
	mk 16M "$ext4,encrypt" 1024 -N 1024
	tree --extents --grow
	local n
	{
		for ((n = 0; n < 240; n += 3)); do
			echo "sif /d$((n / 40))/f$(printf %04d "$n") flags 0x80800"
		done
		for ((n = 0; n < 24; n += 2)); do
			echo "sif /past/grow$n flags 0x80800"
			echo "sif /past/blind$n flags 0x80800"
			echo "sif /unwritten/u$n flags 0x80800"
		done
		echo "sif /odd/slow200 flags 0x80800"
		echo "sif /names flags 0x80800"
	} | dbg
	pollute
}

kind_verity() {
	mk 24M "$ext4,verity" 1024 -N 1024
	tree --extents
	local n size
	{
		echo "mkdir /verity"
		echo "cd /verity"
		for ((n = 0; n < 40; n++)); do
			size=$((n * 997 + 1))
			((n % 5)) || size=$((n * 4096))
			rm -f "$tmp/v$n"
			head -c $((size + (n % 2) * 700)) /dev/zero | tr '\0' v >"$tmp/v$n"
			# the tree, and in every fourth file blocks where none may be
			truncate -s $(((size + 65535) / 65536 * 65536)) "$tmp/v$n"
			head -c $((3000 + n * 100)) /dev/zero | tr '\0' m >>"$tmp/v$n"
			if ((n % 4 == 1)); then
				head -c 2000 /dev/zero | tr '\0' s | dd of="$tmp/v$n" bs=1024 \
					seek=$((size / 1024 + 5)) conv=notrunc status=none
			fi
			echo "write $tmp/v$n v$n"
			echo "sif v$n size $size"
			echo "sif v$n flags 0x180000"
		done
		for ((n = 0; n < 240; n += 7)); do
			echo "sif /d$((n / 40))/f$(printf %04d "$n") flags 0x180000"
		done
		echo "sif /unwritten/u1 flags 0x180000"
		echo "sif /unwritten/u2 flags 0x180000"
	} | dbg
	pollute
}

kind_eainode() {
	mk 24M "$ext4,ea_inode" 1024 -N 1024
	tree --extents
	local n small
	# debugfs reads one block of a value at most; these are too long for an attribute block
	filler ea 1
	small=$(head -c 300 "$tmp/ea")
	{
		for ((n = 0; n < 30; n++)); do
			head -c $((994 + n)) "$tmp/ea" >"$tmp/ea$n"
			echo "ea_set -f $tmp/ea$n /d0/f$(printf %04d "$n") user.big"
		done
		# values that fit one block: an attribute block each
		for ((n = 40; n < 60; n++)); do
			echo "ea_set /d1/f$(printf %04d "$n") user.small $small"
		done
	} | dbg
	share_attributes
	pollute
}

# Let /d1/f0041 read the attribute block of /d1/f0040 and give its own back.
share_attributes() {
	local keep drop
	keep=$(debugfs -R "stat /d1/f0040" "$out" 2>/dev/null | sed -n 's/^File ACL: //p')
	drop=$(debugfs -R "stat /d1/f0041" "$out" 2>/dev/null | sed -n 's/^File ACL: //p')
	((keep && drop)) || die "no attribute blocks to share"
	poke block "$keep" 4 02000000
	dbg <<-EOF
	sif /d1/f0041 file_acl $keep
	freeb $drop
	EOF
	# the reference count is under the block's checksum
	e2fsck -fy "$out" >/dev/null 2>&1 || [ $? -eq 1 ] || die "e2fsck for the attribute block"
}

kind_posteof() {
	mk 24M "$ext4" 1024 -N 1024
	tree --extents --grow --past 80
	pollute
}

kind_posteof_bigalloc() {
	mk 64M "$(ext4_without resize_inode),bigalloc" 4096 -C 16384 -N 1024
	tree --extents --grow
	pollute
}

kind_posteof_ind() {
	mk 24M "$ext3" 1024 -N 1024
	tree --grow --past 80
	pollute
}

# A directory that no other names, with a file in it and a directory below; a file without any name;
# and a file with a second name that is cut off, in a directory of a higher number.
kind_cutoff() {
	mk 16M "$ext4" 1024 -N 512
	tree --extents --files 60
	filler c 2 50
	dbg <<-EOF
	mkdir /lost
	mkdir /lost/below
	cd /lost
	write $tmp/c inside
	cd /lost/below
	write $tmp/c deeper
	ln /names/linked also
	cd /
	write $tmp/c nameless
	sif /lost size 1024
	unlink /nameless
	unlink /lost
	EOF
	pollute
}

# -- orphans ---------------------------------------------------------------------------------------

# Files cut short whose blocks are still there, and deleted ones; sets orphans (with links) and
# chain (all).
orphan_files() {
	local n size map=$1
	filler o 9 17
	filler long 70 0
	{
		echo "mkdir /orphans"
		echo "cd /orphans"
		for ((n = 0; n < 40; n++)); do
			size=$((n * 211 % (9 * bs)))
			((n % 4)) || size=$((n / 4 * bs))
			((n != 7)) || size=$((9 * bs + 17))
			echo "write $tmp/$( ((n % 10 == 9)) && echo long || echo o) o$n"
			echo "sif o$n size $size"
		done
		if [ "$map" = extents ]; then
			echo "sif o3 flags 0x80800"
			echo "sif o4 flags 0x80800"
			echo "sif o9 flags 0x180000"
			echo "sif o19 flags 0x180000"
			echo "fallocate o5 12 15"
		fi
	} | dbg
	orphans=() chain=()
	for ((n = 0; n < 40; n++)); do
		chain+=("$(ino "/orphans/o$n")")
	done
	for ((n = 0; n < 40; n++)); do
		((n % 8 == 6)) || orphans+=("--orphan=${chain[n]}")
	done
	for ((n = 6; n < 40; n += 8)); do
		echo "unlink /orphans/o$n"
		echo "sif <${chain[n]}> links_count 0"
	done | dbg
}

orphan_list() {
	local n next=0
	{
		for n in "${chain[@]}"; do
			echo "sif <$n> dtime @$next"
			next=$n
		done
		echo "ssv last_orphan $next"
	} | dbg
}

kind_orphanlist() {
	mk 16M "$ext4,encrypt,verity" 1024 -N 1024
	tree --extents --files 120
	orphan_files extents
	orphan_list
	pollute "${orphans[@]}"
}

kind_orphanlist_ind() {
	mk 16M "$ext3" 1024 -N 1024
	tree --files 120
	orphan_files indirect
	orphan_list
	pollute "${orphans[@]}"
}

kind_orphanlist_big() {
	mk 40M "$(ext4_without resize_inode),encrypt,verity,bigalloc" 4096 -C 16384 -N 512
	tree --extents --ratio 4 --files 60
	orphan_files extents
	orphan_list
	pollute "${orphans[@]}"
}

# Small, so that damage meets counts of references.
kind_unlinked() {
	local file value block next=0
	mk 2M "$(ext4_without resize_inode),ea_inode" 1024 -N 32 -O ^has_journal
	filler ten 9 700
	filler value 0 994
	value=$(head -c 300 "$tmp/value")
	{
		printf "write $tmp/ten %s\n" keep other gone1 gone2 tail
		printf '%s\n' 'sif tail size 9400' 'mkdir gone3' 'mkdir dir' "symlink gone4 ${value:0:90}" "ea_set gone1 user.small $value"
		printf "ea_set -f $tmp/value %s user.big\n" keep gone1 gone4
	} | dbg
	block=$(debugfs -R 'stat gone1' "$out" 2>/dev/null | sed -n 's/^File ACL: //p')
	printf "sif %s file_acl $block\n" gone2 other | dbg
	# it counts the references
	e2fsck -fy "$out" >"$tmp/e2fsck" 2>&1 || [ $? -eq 1 ] || die "$(cat "$tmp/e2fsck")"
	for file in gone1 gone2 gone3 gone4; do
		value=$(ino "/$file")
		printf '%s\n' "unlink $file" "sif <$value> links_count 0" "sif <$value> dtime @$next"
		next=$value
	done >"$tmp/script"
	printf '%s\n' 'sif / links_count 4' "ssv last_orphan $next" >>"$tmp/script"
	dbg <"$tmp/script"
	pollute --no-plant
}

orphan_file() {
	debugfs -w -R "feature orphan_present" "$out" >/dev/null 2>&1
	dumpe2fs -h "$out" 2>/dev/null | grep -q orphan_present ||
		skip "debugfs knows no orphan_present"
	poke orphans "${chain[@]}"
}

kind_orphanfile() {
	mk 16M "$ext4,encrypt,verity,orphan_file" 1024 -N 1024
	tree --extents --files 120
	orphan_files extents
	orphan_file
	pollute "${orphans[@]}"
}

kind_orphanfile_ind() {
	mk 16M "$ext3,metadata_csum,orphan_file" 1024 -N 1024
	tree --files 120
	orphan_files indirect
	orphan_file
	pollute "${orphans[@]}"
}

kind_e2fsck_orphan() {
	mk 16M "$ext4" 1024 -N 1024
	tree --extents --files 120
	orphan_files indirect
	orphan_list
	e2fsck -fy "$out" >/dev/null 2>&1 || [ $? -eq 1 ] || die "e2fsck for the orphans"
	pollute --no-plant
}

# -- a real crash ----------------------------------------------------------------------------------

kind_natural() {
	[ "$(id -u)" = 0 ] || skip "natural needs root to mount"
	mk 32M "$ext4" 4096 -N 512
	mv "$out" "$tmp/live"
	mkdir "$tmp/mnt"
	mount -o loop,commit=600 "$tmp/live" "$tmp/mnt" 2>/dev/null ||
		skip "cannot mount a loop device here"
	mnt=$tmp/mnt
	python3 - "$mnt" <<-'EOF'
	import ctypes, os, sys
	libc = ctypes.CDLL(None, use_errno=True)
	offset = ctypes.c_int64
	libc.sync_file_range.argtypes = [ctypes.c_int, offset, offset, ctypes.c_uint]
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
