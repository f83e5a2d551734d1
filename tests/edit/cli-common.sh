# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of the verbs that edit share. Source it after tests/lib.sh.

. "$srcdir/tests/cli/recipes.sh"
requires e2fsck
requires jq

# edit_image IMAGE [mke2fs options]: /file has 10000 bytes without a zero, /small 100, /empty none, in 4 KiB blocks;
# /dir is a directory, /link leads to /file, /null is a device.
edit_image() {
	make_image "$1" 16M "${@:2}"
	yes 'line of text' | head -c 10000 >ten
	head -c 100 ten >small
	: >empty
	debugfs_script "$1" <<-END2
		write ten file
		write small small
		write empty empty
		mkdir dir
		symlink link file
		mknod null c 1 3
	END2
}

ino_of() {
	debugfs -R "stat $2" "$1" 2>/dev/null | sed -n 's/^Inode: *\([0-9]*\) .*/\1/p'
}

# sound IMAGE...: e2fsck has nothing to say, --check nothing to find.
sound() {
	local image
	for image in "$@"; do
		e2fsck -fn "$image" >e2fsck.out 2>&1 || fail "e2fsck $image: $(cat e2fsck.out)"
		! grep -qiE 'fix\?|error|warning|invalid' e2fsck.out || fail "e2fsck $image: $(cat e2fsck.out)"
		"$E4ZERO" -q --check "$image" >check.out 2>&1 || fail "--check $image: $(cat check.out)"
	done
}

# holds IMAGE FILE WANTED: the content, by debugfs, is that of the host file WANTED.
holds() {
	debugfs -R "dump $2 got" "$1" >debugfs.log 2>&1
	cmp got "$3" || fail "$1: $2 does not hold $3"
}

# field NAME TYPE: of the JSON report in out
field() {
	jq -r "select(.type == \"$2\") | .$1 | tostring" out
}

# untouched STATUS PATTERN IMAGE ARGUMENTS...: one message with PATTERN (extended), no byte changed.
untouched() {
	local status=$1 pattern=$2 image=$3
	shift 3
	remember_image "$image"
	run_e4zero "$status" "$@"
	image_unchanged "$image"
	said_once
	same "lines of message about $*" "$(grep -c '^e4zero: ' err)" 1
	grep -Eq -- "$pattern" err || fail "$*: no \"$pattern\" in: $(cat err)"
}
