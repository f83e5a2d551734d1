# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of the verbs that edit share. Source it after tests/lib.sh.

. "$srcdir/tests/images/recipes.sh"
requires e2fsck
requires jq

# edit_image IMAGE [mke2fs options]: /file has 10000 bytes without a zero, /small 100, /empty none, in 4 KiB blocks;
# /dir is a directory, /link leads to /file, /null is a device.
# What it was made of is kept: most tests want the same one again and again.
edit_image() {
	local kept="${*:2}"
	kept=$tmp/.made/${kept//\//%}
	if [ -f "$kept" ]; then
		cp "$tmp/.made/of/"* .
		cp --sparse=always "$kept" "$1"
		return
	fi
	make_image "$1" 16M "${@:2}"
	text ten 10000 $'line of text\n'
	text small 100 $'line of text\n'
	: >empty
	debugfs_script "$1" <<-END2
		write ten file
		write small small
		write empty empty
		mkdir dir
		symlink link file
		mknod null c 1 3
	END2
	mkdir -p "$tmp/.made/of"
	cp ten small empty "$tmp/.made/of"
	cp --sparse=always "$1" "$kept"
}

ino_of() {
	local said
	said=$(debugfs -R "stat $2" "$1" 2>/dev/null)
	[[ ! $'\n'$said =~ $'\n'Inode:\ *([0-9]*)\  ]] || echo "${BASH_REMATCH[1]}"
}

# sound IMAGE...: e2fsck has nothing to say, --check nothing to find.
sound() {
	local image said
	for image in "$@"; do
		e2fsck -fn "$image" >e2fsck.out 2>&1 || fail "e2fsck $image: $(cat e2fsck.out)"
		slurp said e2fsck.out
		[[ ! ${said,,} =~ fix\?|error|warning|invalid ]] || fail "e2fsck $image: $said"
		"$E4ZERO" -q --check "$image" >check.out 2>&1 || fail "--check $image: $(cat check.out)"
	done
}

# holds IMAGE FILE WANTED [FILE WANTED...]: the content, by debugfs, is that of the host file WANTED.
holds() {
	local image=$1 i
	shift
	for ((i = 1; i < $#; i += 2)); do
		echo "dump ${!i} got.$i"
	done | debugfs -f - "$image" >debugfs.log 2>&1
	for ((i = 1; i < $#; i += 2)); do
		cmp "got.$i" "${@:i+1:1}" || fail "$image: ${!i} does not hold ${*:i+1:1}"
	done
	rm got.*
}

# field NAME TYPE: of the JSON report in out
field() {
	records "$2" "$1"
}

# untouched STATUS PATTERN IMAGE ARGUMENTS...: one message with PATTERN (extended), no byte changed.
untouched() {
	local status=$1 pattern=$2 image=$3 line messages=0 matches=0
	shift 3
	remember_image "$image"
	run_e4zero "$status" "$@"
	image_unchanged "$image"
	said_once
	while IFS= read -r line || [ -n "$line" ]; do
		[[ $line != 'e4zero: '* ]] || messages=$((messages + 1))
		[[ ! $line =~ $pattern ]] || matches=$((matches + 1))
	done <err
	same "lines of message about $*" "$messages" 1
	[ $matches -gt 0 ] || fail "$*: no \"$pattern\" in: $(cat err)"
}
