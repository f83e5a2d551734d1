#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What follows the file system and would be made wrong by an edit is named first, for edits and dry runs only.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires debugfs

# make IMAGE: a file system of 8 MiB, with a file
make() {
	make_ext "$1" 8M -b 4096
	printf x >x
	debugfs -w -R 'write x f' "$1" >/dev/null 2>&1
}
# at IMAGE OFFSET BYTES: these bytes, in printf's notation
at() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
# named PATTERN IMAGE [ARGUMENTS]: a dry run says so, a check does not, an edit does, and is done
named() {
	local image=${2%\?*} pattern=$1
	shift
	remember_image "$image"
	run_e4zero 0 -n --truncate 5 "$@" /f
	grep -q "note: $pattern" err || fail "$image: no '$pattern' in: $(cat err)"
	image_unchanged "$image"
	run_e4zero 0 --check "$@"
	! grep -q "note: $pattern" err || fail "a check says: $(cat err)"
	run_e4zero 0 --json --truncate 5 "$@" /f
	head -1 out | grep -q "\"notes\":\\[.*$pattern" || fail "$image: no '$pattern' in: $(head -1 out)"
	run_e4zero 0 -q --truncate 6 "$@" /f
	[ ! -s err ] || fail "-q: $(cat err)"
}
mib=$((1 << 20))
for after in 0 512 4096 $((mib / 2)); do
	make v.img
	truncate -s 10M v.img
	at v.img $((8 * mib + after)) 'verity\0\0\1\0\0\0'
	named "a dm-verity hash tree follows the file system at byte $((8 * mib + after)): an edit invalidates its root hash" v.img
done
make l.img
truncate -s 9M l.img
at l.img $((8 * mib)) 'LUKS\xba\xbe\0\2'
named 'a LUKS header follows' l.img
make a.img
truncate -s 9M a.img
at a.img $((9 * mib - 64)) 'AVBf\0\0\0\1'
named 'a footer of Android Verified Boot follows the file system' a.img
make h.img
truncate -s $((8 * mib + 512)) h.img
at h.img $((8 * mib)) 'conectix\0\0\0\2'
named 'a VHD footer (fixed VHD) follows the file system' h.img
for where in $((9 * mib - 8192)) $((9 * mib - 65536)); do
	make m.img
	truncate -s 9M m.img
	at m.img "$where" '\xfc\x4e\x2b\xa9\1\0\0\0'
	named 'an md superblock follows the file system' 'm.img?offset=0'
done
# the last bytes of a file system that fills the image are its own: a file may hold such magics
make o.img
at o.img $((8 * mib - 64)) 'AVBf\0\0\0\1'
at o.img $((8 * mib - 512)) 'conectix\0\0\0\2'
at o.img $((8 * mib - 8192)) '\xfc\x4e\x2b\xa9\1\0\0\0'
run_e4zero 0 --truncate 5 o.img /f
[ ! -s err ] || fail "$(cat err)"
# an image in which nothing follows says nothing
make n.img
truncate -s 9M n.img
run_e4zero 0 --truncate 5 n.img /f
[ ! -s err ] || fail "$(cat err)"

# a hash tree in another partition is this file system's if it is as long
if command -v sfdisk >/dev/null; then
	truncate -s 20M d.img
	sfdisk -q --no-tell-kernel d.img <<-END >/dev/null || fail sfdisk
		label: gpt
		start=1MiB, size=8MiB
		start=10MiB, size=1MiB
	END
	make p.img
	dd if=p.img of=d.img bs=1M seek=1 conv=notrunc status=none
	at d.img $((10 * mib)) 'verity\0\0\1\0\0\0'
	at d.img $((10 * mib + 64)) '\0\x10\0\0\0\x10\0\0\0\x08\0\0\0\0\0\0'
	named 'partition 2 holds a dm-verity hash tree' d.img
	at d.img $((10 * mib + 72)) '\1'
	run_e4zero 0 --truncate 9 d.img /f
	[ ! -s err ] || fail "$(cat err)"
fi
