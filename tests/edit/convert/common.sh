# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of --convert share. Source it after tests/lib.sh.

. "$srcdir/tests/edit/common.sh"

# dirty_image IMAGE MIB BLOCK-SIZE [mke2fs options]: what no file and no metadata has is 0xca, the host keeps no holes.
#   /file   blocks 0-9 written, 10-29 unwritten, 30-39 written zeroes, 40-49 a hole, 50 written, 100 bytes of it
#   /plain  10 written blocks; /zeroes 8 of them, all zero; /empty nothing
#   /kept   100 bytes, and 5 unwritten blocks past EOF (none with bigalloc)
# Their contents are in the host files content, ten, zeroes, empty, hundred. With indirect maps 10-29 is a hole.
dirty_image() {
	local image=$1 mib=$2 bs=$3 i
	head -c $((mib << 20)) /dev/zero | tr '\0' '\312' >"$image"
	mke2fs -q -F -t ext4 -b "$bs" -E nodiscard,lazy_itable_init=0 "${@:4}" "$image" >mke2fs.log 2>&1 ||
		fail "mke2fs: $(cat mke2fs.log)"
	head -c $((10 * bs)) /dev/zero | tr '\0' x >ten
	head -c 100 ten >hundred
	head -c $((8 * bs)) /dev/zero >zeroes
	head -c $((8 * bs)) ten >eight
	: >empty
	{ cat ten; head -c $((40 * bs)) /dev/zero; cat hundred; } >content
	{ cat ten ten ten ten ten hundred; } >full
	{
		echo 'write full file'
		echo 'punch file 10 29'
		echo 'punch file 40 49'
		for ((i = 30; i < 40; i++)); do echo "zap_block -f file $i"; done
		echo 'write ten plain'
		echo 'write eight zeroes'
		for ((i = 0; i < 8; i++)); do echo "zap_block -f zeroes $i"; done
		echo 'write empty empty'
		echo 'write hundred kept'
		case "$*" in *^extent*) ;; *) echo 'fallocate file 10 29' ;; esac
		# debugfs has the rest of a cluster follow its written block
		case "$*" in *^extent* | *bigalloc*) ;; *) echo 'fallocate kept 1 5' ;; esac
	} | debugfs_script "$image"
	case "$*" in *quota*) e2fsck -fy "$image" >fsck.log 2>&1 ;; esac # debugfs counts no quota
	e2fsck -fn "$image" >fsck.log 2>&1 || fail "e2fsck: $(cat fsck.log)"
}

# contents IMAGE: every file holds what it held
contents() {
	holds "$1" /file content /plain ten /zeroes zeroes /empty empty /kept hundred
}

# states IMAGE FILE: its map as "LBLK+LEN:STATE ...", wherever the blocks are
states() {
	local lblk blocks state from='' len=0 is='' all=''
	"$E4ZERO" --json --map "$1" "$2" >map.out || fail "--map $2"
	while read -r lblk blocks state; do
		if [ "$state" != "$is" ]; then
			[ -z "$is" ] || all+="$from+$len:$is "
			from=$lblk len=0 is=$state
		fi
		len=$((len + blocks))
	done < <(report=map.out records map lblk blocks state)
	[ -z "$is" ] || echo "$all$from+$len:$is"
}

# again STATUS ARGUMENTS...: the second time nothing is written, and no byte changes.
again() {
	remember_image image
	rm -f trace
	run_e4zero "$1" --fsck-codes --trace-io trace "${@:2}"
	image_unchanged image
	[ ! -s trace ] || fail "$*: the second time it writes: $(cat trace)"
}
