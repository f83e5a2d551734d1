# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of opening share. Source it after tests/lib.sh.

# make_ext IMAGE SIZE [mke2fs options]: an empty ext4 file system, nothing stale in it.
make_ext() {
	local image=$1 size=$2 type=(-t ext4)
	shift 2
	[[ " $* " != *' -t '* ]] || type=()
	rm -f "$image"
	truncate -s "$size" "$image"
	mke2fs -q -F "${type[@]}" "$@" "$image" >mke2fs.out 2>&1 || fail "mke2fs $*: $(cat mke2fs.out)"
}

# put_ext IMAGE OFFSET SIZE [mke2fs options]: the same inside IMAGE, in units of MiB.
put_ext() {
	local image=$1 off=$2 size=$3
	shift 3
	make_ext part.img "${size}M" "$@"
	dd if=part.img of="$image" bs=1M seek="$off" conv=notrunc,sparse status=none || fail dd
	rm -f part.img
}

# opens ARGUMENTS...: e4zero opens the image and finds nothing.
opens() {
	run_e4zero 0 "$@"
}

# opens_at OFFSET ARGUMENTS...: and says that its file system starts there.
opens_at() {
	local off=$1
	shift
	run_e4zero 0 --json "$@"
	has_line "\"fs_offset\": *${off}[,}]" out || fail "$*: not at $off: $(head -1 out)"
}

# refuses PATTERN ARGUMENTS...: exit 8, a sentence with PATTERN (extended) on standard error.
refuses() {
	local pattern=$1
	shift
	run_e4zero 8 "$@"
	said_once
	has_line "$pattern" err || fail "$*: no \"$pattern\" in: $(cat err)"
}
