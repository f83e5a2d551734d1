#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the images for the crash tests: images.sh DIR [NAME...]; images.sh --list prints the names.
#
#   ext-1k-csum ext-1k-plain ext-4k-csum ext-4k-plain   extents, internal journal
#   xj-1k xj-4k                                         the same, journal in NAME.journal
#   ind-1k ind-4k                                       indirect maps
#   inline-4k big-4k                                    inline data, bigalloc
#   bare-1k bare-4k bare-ind                            no journal
#   quota-1k                                            usage of users, groups and projects
#   orphan-1k                                           interrupted truncates
#   grow-4k grow-1k-ind grow-big grow-bare              only for --fix: much data past EOF, which e2fsck would expose
#   half-4k half-1k-ind half-big half-bare              only for --fix: the same with an orphan
#   deleted-1k deleted-1k-ind deleted-big deleted-quota  only for --fix of deleted-open: files deleted while they were open
#   large-1k large-big                                  for writes that do not fit in the log
#   grow-large                                          the same over written blocks past EOF
#   all-1k all-4k all-plain all-ind all-big all-inline all-xj all-bare all-quota
#                                                       for --fix --all: made on a device full of canaries, and used
# Root is not required. Each image has the files that the workloads name; none of their bytes is 0xca, the canary.
set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
export E2FSPROGS_FAKE_TIME=1700000000
names='ext-1k-csum ext-1k-plain ext-4k-csum ext-4k-plain xj-1k xj-4k ind-1k ind-4k inline-4k big-4k
	bare-1k bare-4k bare-ind quota-1k orphan-1k grow-4k grow-1k-ind grow-big grow-bare
	half-4k half-1k-ind half-big half-bare deleted-1k deleted-1k-ind deleted-big deleted-quota large-1k large-big grow-large
	all-1k all-4k all-plain all-ind all-big all-inline all-xj all-bare all-quota'

[ "${1-}" != --list ] || { echo "$names"; exit 0; }
dir=${1:?usage: images.sh DIR [NAME...]}
shift
for tool in mke2fs debugfs python3; do
	command -v "$tool" >/dev/null || { echo "images.sh: SKIP: $tool is not installed" >&2; exit 77; }
done
tmp=$(mktemp -d "${TMPDIR:-/tmp}/e4zero-crash-images.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
printf '[defaults]\n\tbase_features = none\n\tinode_ratio = 16384\n\tinode_size = 256\n[fs_types]\n' >"$tmp/mke2fs.conf"
export MKE2FS_CONFIG=$tmp/mke2fs.conf
uuid=5a5a5a5a-1111-2222-3333-444444444444
common=ext_attr,filetype,sparse_super,large_file,huge_file,flex_bg,dir_nlink,extra_isize

# host NAME PARTS...: a host file; a part is OFFSET+LENGTH, "magic:" in front makes it begin with a log's magic number
host() {
	python3 - "$tmp/$1" "${@:2}" <<-'EOF'
		import random, sys
		rnd = random.Random(sys.argv[1].rsplit("/", 1)[1])
		with open(sys.argv[1], "wb") as f:
		    for part in sys.argv[2:]:
		        magic, _, place = part.rpartition(":")
		        offset, length = map(int, place.split("+"))
		        unit = rnd.randbytes(997).replace(b"\xca", b"\x35").replace(b"\0", b"\x36")
		        data = (unit * (length // 997 + 1))[:length]
		        f.seek(offset)
		        f.write(b"\xc0\x3b\x39\x98" + data[4:] if magic else data)
	EOF
}

# every second block of a file, so that each one is an extent
stripes() {
	local i parts=()
	for ((i = 0; i < $1; i++)); do parts+=("$((i * 2 * bs))+$bs"); done
	echo "${parts[@]}"
}

# orphan IMAGE FILE: its truncate was interrupted
orphan() {
	local ino
	ino=$(debugfs -R "stat $2" "$1" 2>/dev/null | sed -n 's/^Inode: *\([0-9]*\) .*/\1/p')
	debugfs -w -R "ssv last_orphan $ino" "$1" >/dev/null 2>&1
}

# owners IMAGE: gives some files an owner, and counts their usage
owners() {
	for file in frag tail magic; do
		printf 'sif %s uid 1000\nsif %s gid 100\nsif %s projid 7\n' $file $file $file
	done >"$tmp/script"
	debugfs -w -f "$tmp/script" "$1" >"$tmp/out" 2>&1
	e2fsck -fy "$1" >"$tmp/fsck" 2>&1 </dev/null || [ $? = 1 ] || { cat "$tmp/fsck" >&2; exit 1; }
}

# device FILE SIZE: filled with canaries if the image requires it
device() {
	rm -f "$1"
	truncate -s "$2" "$1"
	[ -z "${dirty-}" ] || tr '\0' '\312' <"$1" | dd of="$1" bs=1M conv=notrunc status=none
}

# use: prints commands of debugfs that leave canaries in directories, and deleted data in slots and trees
use() {
	local canary i links=16
	[ "$name" != all-inline ] || links=1
	canary=$(printf '\312%.0s' {1..40})
	printf '%s\n' "write $tmp/pair gone" "symlink $canary target" 'mknod pipe p' 'ea_set small user.here value' 'mkdir many'
	for ((i = 0; i < links; i++)); do echo "ln other many/$canary$i"; done
	for ((i = 0; i < links; i++)); do echo "unlink many/$canary$i"; done
	printf '%s\n' "ln other many/kept" 'sif other links_count 2' 'rm gone' "rm $canary"
	head -c 400 "$tmp/other" >"$tmp/value"
	printf '%s\n' "ea_set -f $tmp/value small user.long" 'ea_rm small user.here'
	[ -n "${shallow-}" ] || echo 'punch deep 700 900'
}

# populate IMAGE: the files that the workloads name
populate() {
	local deep=$((bs == 1024 ? 400 : 1400))
	host pair "0+$((2 * bs))"
	host eight "0+$((8 * bs))"
	host other "0+$((2 * bs + 17))"
	host small "0+$((3 * bs + bs / 2))"
	host tail "0+$((bs + 300))"
	host magic "magic:0+$bs" "magic:$bs+$bs" "magic:$((2 * bs))+$bs"
	# shellcheck disable=SC2046 # words
	host frag $(stripes 40)
	host prealloc "0+$((2 * bs + 50))"
	host zeros "0+$((8 * bs + 100))"
	# shellcheck disable=SC2046
	[ -n "${shallow-}" ] || host deep $(stripes $deep)
	{
		for file in other small tail magic frag prealloc; do
			echo "write $tmp/$file $file"
		done
		[ -n "${shallow-}" ] || echo "write $tmp/deep deep"
		case $name in ind*|*-ind) ;; *) echo 'fallocate prealloc 4 15' ;; esac
		if [ "${name%%-*}" = inline ]; then
			host inline 0+50
			echo "write $tmp/inline inline"
			echo "write $tmp/inline slack"
			echo 'sif slack size 20'
		fi
		# two blocks, one of them past EOF: e2fsck does not notice it
		echo "write $tmp/pair blind"
		echo "sif blind size $bs"
		if [ "$name" = grow-large ]; then
			host large "0+$((1300 * bs + 300))"
			echo "write $tmp/large behind"
			echo "sif behind size $((bs + 100))"
		elif [ -n "${grows-}" ]; then
			echo "write $tmp/eight behind"
			echo "sif behind size $((bs + 100))"
			echo "write $tmp/frag stripes"
			echo "sif stripes size $((4 * bs))"
		elif [ "${name%%-*}" = deleted ]; then
			echo "write $tmp/frag gone1"
			echo "write $tmp/eight gone2"
			echo 'ea_set gone2 user.name value of an attribute'
			echo "symlink gone3 $(printf 'x%.0s' {1..80})"
			echo mkdir gonedir
			echo "write $tmp/pair marker"
		elif [ "${name%%-*}" = large ]; then
			host large "0+$((1300 * bs + 300))"
			echo "write $tmp/large large"
		elif [ -n "${halves-}" ]; then
			echo "write $tmp/eight half"
			[ "${name##*-}" = ind ] || echo 'fallocate half 8 12'
			echo "sif half size $((bs + 100))"
		fi
		echo mkdir dir
		echo "write $tmp/other dir/inner"
		# blocks of zeroes, which debugfs does not write
		echo "write $tmp/zeros zeros"
		for block in 2 3 4 6; do echo "zap_block -f zeros $block"; done
		[ -z "${dirty-}" ] || use
	} >"$tmp/script"
	debugfs -w -f "$tmp/script" "$1" >"$tmp/out" 2>&1 || :
	[ -z "${halves-}" ] || orphan "$1" half
	case $name in quota-* | *-quota) owners "$1" ;; esac
	e2fsck -fn "$1" >"$tmp/fsck" 2>&1 </dev/null || [ -n "${grows-}${halves-}" ] ||
		{ cat "$tmp/out" "$tmp/fsck" >&2; exit 1; }
}

# mk SIZE FEATURES BLOCK-SIZE [mke2fs arguments]
mk() {
	local size=$1 features=$2
	bs=$3
	shift 3
	device "$dir/$name" "$size"
	mke2fs -q -F -t ext2 -b "$bs" -O "none,$common,$features" -U "$uuid" -m 0 -N 128 \
		-E "hash_seed=$uuid,lazy_itable_init=${dirty:-0},nodiscard" "$@" "$dir/$name" >"$tmp/mke2fs" 2>&1 ||
		{ cat "$tmp/mke2fs" >&2; exit 1; }
	populate "$dir/$name"
}

# The journal becomes an external one. mke2fs only does that for block devices, so it is done by hand.
externalise() {
	local journal=66666666-1111-2222-3333-444444444444
	device "$dir/$name.journal" $((1100 * bs))
	mke2fs -q -F -O journal_dev -b "$bs" -U "$journal" "$dir/$name.journal" >"$tmp/mke2fs" 2>&1 ||
		{ cat "$tmp/mke2fs" >&2; exit 1; }
	debugfs -w -R "feature has_journal" "$dir/$name" >/dev/null 2>&1
	debugfs -w -R "ssv journal_uuid $journal" "$dir/$name" >/dev/null 2>&1
	debugfs -w -R "ssv journal_dev 0x700" "$dir/$name" >/dev/null 2>&1
	python3 - "$dir/$name.journal" "$bs" "$uuid" <<-'EOF'
		import sys, uuid
		at = (2 if sys.argv[2] == "1024" else 1) * int(sys.argv[2])
		with open(sys.argv[1], "r+b") as f:
		    f.seek(at + 0x40)
		    f.write(b"\0\0\0\1")
		    f.seek(at + 0x100)
		    f.write(uuid.UUID(sys.argv[3]).bytes)
	EOF
}

# orphans IMAGE: three interrupted truncates, chained in their order
orphans() {
	local file ino next=0
	host orphan "0+$((9 * bs))"
	{
		for file in 1 2 3; do echo "write $tmp/orphan orphan$file"; done
		echo fallocate orphan2 40 300
		for file in 1 2 3; do echo "sif orphan$file size $((file * bs + 77))"; done
	} >"$tmp/script"
	debugfs -w -f "$tmp/script" "$1" >"$tmp/out" 2>&1
	for file in 3 2 1; do
		ino=$(debugfs -R "stat orphan$file" "$1" 2>/dev/null | sed -n 's/^Inode: *\([0-9]*\) .*/\1/p')
		printf 'sif <%s> dtime @%s\nssv last_orphan %s\n' "$ino" "$next" "$ino" >"$tmp/script"
		debugfs -w -f "$tmp/script" "$1" >"$tmp/out" 2>&1
		next=$ino
	done
}

# deleted IMAGE: removes the names and links of four inodes, and chains them in their order
deleted() {
	local file ino next=0
	for file in gonedir gone3 gone2 gone1; do
		ino=$(debugfs -R "stat $file" "$1" 2>/dev/null | sed -n 's/^Inode: *\([0-9]*\) .*/\1/p')
		printf 'unlink %s\nsif <%s> links_count 0\nsif <%s> dtime @%s\nssv last_orphan %s\n' $file "$ino" "$ino" "$next" "$ino"
		[ $file != gonedir ] || echo 'sif / links_count 4'
		next=$ino
	done >"$tmp/script"
	debugfs -w -f "$tmp/script" "$1" >"$tmp/out" 2>&1
}

csum=extent,metadata_csum,64bit
for name in ${*:-$names}; do
	shallow='' grows='' halves='' dirty=''
	case $name in
	grow-*) grows=1 ;;
	half-*) halves=1 ;;
	all-*) dirty=1 ;;
	esac
	case $name in
	ext-1k-csum) mk 8M $csum,has_journal 1024 -J size=2 ;;
	ext-1k-plain) mk 8M extent,has_journal 1024 -J size=2 ;;
	ext-4k-csum) mk 16M $csum,has_journal 4096 -J size=5 ;;
	ext-4k-plain) mk 16M extent,has_journal 4096 -J size=5 ;;
	xj-1k) mk 6M $csum 1024; externalise ;;
	xj-4k) shallow=1 mk 8M $csum 4096; externalise ;;
	ind-1k) mk 8M has_journal 1024 -J size=2 ;;
	ind-4k) shallow=1 mk 12M metadata_csum,has_journal 4096 -J size=5 ;;
	inline-4k) shallow=1 mk 12M $csum,inline_data,has_journal 4096 -J size=5 ;;
	big-4k) shallow=1 mk 16M $csum,bigalloc,has_journal 4096 -C 16384 -J size=5 ;;
	quota-1k) shallow=1 mk 8M $csum,quota,project,has_journal 1024 -J size=2 \
		-E "hash_seed=$uuid,lazy_itable_init=0,nodiscard,quotatype=usrquota:grpquota:prjquota" ;;
	bare-1k) mk 6M $csum 1024 ;;
	bare-4k) shallow=1 mk 8M $csum 4096 ;;
	bare-ind) mk 6M '' 1024 ;;
	orphan-1k) shallow=1 mk 8M $csum,has_journal 1024 -J size=2; orphans "$dir/$name" ;;
	grow-4k | half-4k) shallow=1 mk 12M $csum,has_journal 4096 -J size=5 ;;
	grow-1k-ind | half-1k-ind) shallow=1 mk 6M has_journal 1024 -J size=2 ;;
	grow-big | half-big) shallow=1 mk 16M $csum,bigalloc,has_journal 4096 -C 16384 -J size=5 ;;
	deleted-1k) shallow=1 mk 8M $csum,has_journal 1024 -J size=2; deleted "$dir/$name" ;;
	deleted-1k-ind) shallow=1 mk 8M has_journal 1024 -J size=2 -I 128; deleted "$dir/$name" ;;
	deleted-big) shallow=1 mk 16M $csum,bigalloc,has_journal 4096 -C 16384 -J size=5; deleted "$dir/$name" ;;
	deleted-quota) shallow=1 mk 8M $csum,quota,project,has_journal 1024 -J size=2 \
		-E "hash_seed=$uuid,lazy_itable_init=0,nodiscard,quotatype=usrquota:grpquota:prjquota"; deleted "$dir/$name" ;;
	large-1k | grow-large) shallow=1 mk 6M $csum,has_journal 1024 -J size=1 ;;
	large-big) shallow=1 mk 20M $csum,bigalloc,has_journal 4096 -C 16384 -J size=4 ;;
	all-1k) mk 8M $csum,has_journal 1024 -J size=2 -g 2048 ;;
	all-4k) shallow=1 mk 16M $csum,has_journal 4096 -J size=5 -g 1024 ;;
	all-plain) shallow=1 mk 8M extent,has_journal 1024 -J size=2 -g 2048 ;;
	all-ind) shallow=1 mk 6M uninit_bg,has_journal 1024 -J size=2 -g 2048 ;;
	all-big) shallow=1 mk 16M $csum,bigalloc,has_journal 4096 -C 16384 -J size=5 ;;
	all-inline) shallow=1 mk 12M $csum,inline_data,has_journal 4096 -J size=5 ;;
	all-xj) shallow=1 mk 6M $csum 1024 -g 2048; externalise ;;
	all-quota) shallow=1 mk 8M $csum,quota,project,has_journal 1024 -J size=2 -g 2048 \
		-E "hash_seed=$uuid,lazy_itable_init=1,nodiscard,quotatype=usrquota:grpquota:prjquota" ;;
	all-bare) shallow=1 mk 4M $csum 1024 -g 2048 ;;
	grow-bare | half-bare) shallow=1 mk 4M $csum 1024 ;;
	*) echo "images.sh: no such image: $name" >&2; exit 1 ;;
	esac
done
