# SPDX-License-Identifier: GPL-2.0-or-later
# Images of a few files, made without privileges. Sourced after tests/lib.sh.

# debugfs_script IMAGE: commands from standard input, writing. It leaves with 0 whatever happens.
debugfs_script() {
	debugfs -w -f - "$1" >debugfs.log 2>&1
	! grep -qE 'File not found|Usage|Unknown|while|No such' debugfs.log ||
		fail "debugfs: $(cat debugfs.log)"
}

# make_image IMAGE SIZE [mke2fs options]: an empty ext4 with blocks of 4 KiB.
make_image() {
	requires mke2fs
	requires debugfs
	mke2fs -q -F -t ext4 -b 4096 "${@:3}" "$1" "$2" >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
}

# stale_image IMAGE: three regular files of two blocks that hold no zero byte.
#   /clean  nothing to find
#   /tail   size 5000: bytes 5000 to 8191 are a stale tail
#   /past   size 4096: block 1 lies wholly past EOF and holds data
stale_image() {
	make_image "$1" 16M
	head -c 8192 /dev/zero | tr '\0' x >eight
	debugfs_script "$1" <<-END
		write eight clean
		write eight tail
		write eight past
		sif tail size 5000
		sif past size 4096
	END
}

# many_tails IMAGE COUNT: COUNT files of one block and 100 bytes, each with a stale tail.
many_tails() {
	local i
	make_image "$1" 64M -N $(($2 + 100))
	head -c 4096 /dev/zero | tr '\0' x >four
	for ((i = 0; i < $2; i++)); do
		printf 'write four f%05d\nsif f%05d size 100\n' $i $i
	done | debugfs_script "$1"
}

# physical IMAGE FILE BLOCK: the physical block behind a logical one.
physical() {
	debugfs -R "bmap $2 $3" "$1" 2>/dev/null | tr -dc 0-9
}

# pollute IMAGE BYTE TEXT: raw bytes into the image.
pollute() {
	printf '%s' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none || fail "dd $1"
}

# kinds: what the JSON report in ./out lists, a line each, "PATH KIND".
kinds() {
	jq -r 'select(.type == "finding") | "\(.path) \(.kind)"' out || fail 'the report is no JSON'
}

# same WHAT GOT WANTED
same() {
	[ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"
}
