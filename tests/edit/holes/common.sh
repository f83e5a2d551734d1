# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of --holes share. Source it after tests/lib.sh.

. "$srcdir/tests/edit/common.sh"
requires python3

# copied IMAGE: "used", a medium full of 0xca, with all of IMAGE that is no hole
copied() {
	python3 - "$1" used <<-'END'
	import os, sys
	image, used = os.open(sys.argv[1], os.O_RDONLY), open(sys.argv[2], "wb")
	size, at = os.fstat(image).st_size, 0
	used.write(b"\xca" * size)
	while at < size:
	    try:
	        at = os.lseek(image, at, os.SEEK_DATA)
	    except OSError:
	        break
	    end = os.lseek(image, at, os.SEEK_HOLE)
	    used.seek(at)
	    used.write(os.pread(image, end - at, at))
	    at = end
	END
}

# shows FILE: how many of its bytes are not zero on the medium
shows() {
	debugfs -R "dump $1 got" used >debugfs.log 2>&1
	tr -d '\0' <got | wc -c
}

# data_of IMAGE FILE: how many bytes of its blocks the host has data for
data_of() {
	"$E4ZERO" -q --json --map "$1" "$2" | jq -r 'select(.type == "map" and .pblk) | "\(.pblk * 4096) \(.blocks * 4096)"' |
		python3 -c '
import os, sys
image, total = os.open(sys.argv[1], os.O_RDONLY), 0
for line in sys.stdin:
    at, length = map(int, line.split())
    end = at + length
    while at < end:
        try:
            at = min(end, os.lseek(image, at, os.SEEK_DATA))
        except OSError:
            break
        stop = min(end, os.lseek(image, at, os.SEEK_HOLE))
        total, at = total + stop - at, stop
print(total)' "$1"
}

host_blocks() {
	sync "$1"
	stat -c %b "$1"
}

# /new: 25 unwritten blocks that the host has nothing of; /old: 25 over old bytes
make_sparse() {
	truncate -s 32M "$1"
	mke2fs -q -F -t ext4 -b 4096 "$1" >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	: >empty
	debugfs_script "$1" <<-END
		write empty new
		fallocate new 0 24
		sif new size 102400
		write empty old
		fallocate old 0 24
		sif old size 102400
	END
	local at
	at=$("$E4ZERO" --json --map "$1" /old | jq 'select(.type == "map") | .pblk')
	head -c 102400 /dev/zero | tr '\0' '\313' | dd of="$1" bs=4096 seek="$at" conv=notrunc status=none
	e2fsck -fn "$1" >e2fsck.out 2>&1 || fail "e2fsck: $(cat e2fsck.out)"
}
