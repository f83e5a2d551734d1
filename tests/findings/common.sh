# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the findings that need a kernel share. Source it after tests/edit/common.sh.

requires python3
requires_loop

# mount_image IMAGE [mount options]: at $tmp/mnt, until umount_image or the end.
mount_image() {
	mkdir -p mnt
	attach_loop mounted_dev "$1"
	mount ${2:+-o "$2"} "$mounted_dev" mnt || fail "cannot mount $1"
	cleanup_fn umount "$tmp/mnt"
}

umount_image() {
	umount mnt || fail umount
	forget_cleanup umount "$tmp/mnt"
	detach_loop "$mounted_dev"
}

# lost_append FILE BYTES LETTER: append it and send the data alone to the disk, not the size; kept_append commits both.
lost_append() { append "$1" "$2" "$3" sync_file_range; }
kept_append() { append "$1" "$2" "$3" fsync; }

append() {
	python3 - "$@" <<-'END2' || fail "append to $1"
	import ctypes, os, sys
	name, count, letter, how = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), sys.argv[4]
	fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
	os.write(fd, letter * count)
	if how == "fsync":
	    os.fsync(fd)
	else:
	    libc = ctypes.CDLL(None)
	    libc.sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
	    if libc.sync_file_range(fd, 0, 0, 7):
	        sys.exit("sync_file_range")
	END2
}

# crash COPY: what the mounted image's disk has now.
crash() {
	cp --sparse=always image "$1" || fail "cannot copy to $1"
}

# letters IMAGE FILE: how often each letter stands in it, as in "1000 A 500 B"
letters() {
	debugfs -R "dump $2 got" "$1" >debugfs.log 2>&1
	tr '\0' 0 <got | fold -w 1 | sort | uniq -c | xargs
}
