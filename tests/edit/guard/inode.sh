#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each inode that must not be edited is refused with its own sentence; the file next to it is not.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires debugfs
edges=1

ino() {
	debugfs -R "stat $1" image 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p'
}
may() { # NAME [WHAT]
	scribble 0 image "may:$(ino "$1"):${2:-0}"
}
may_not() { # PATTERN NAME [WHAT]
	remember_image image
	scribble 12 image "may:$(ino "$2"):${3:-0}"
	grep -Eq "inode [0-9]+: $1" err || fail "$2: no \"$1\" in: $(cat err)"
	image_unchanged image
}
with() { # debugfs commands
	debugfs -w -f - image >debugfs.out 2>&1 || fail "$(cat debugfs.out)"
	! grep -v -e '^debugfs' -e '^Allocated inode' -e '^$' debugfs.out || fail 'debugfs'
}

head -c 10000 /dev/zero | tr '\0' x >content
make_ext image 8M
with <<-'END'
	write content plain
	write content verity
	write content crypt
	write content value
	write content frozen
	write content orphan
	write content snapshot
	mkdir folder
	symlink link plain
	mknod pipe p
	mknod disk b 7 0
	sif verity flags 0x180000
	sif crypt flags 0x80800
	sif value flags 0x280000
	sif frozen flags 0x80010
	sif snapshot flags 0x1080000
	sif orphan links_count 0
END
may plain $edges
may_not 'is a directory' folder
may_not 'is a directory' /
may_not 'is a symbolic link' link
may_not 'is a device' disk
may_not 'is a FIFO' pipe
may_not 'is a verity file' verity
may_not "holds an extended attribute's value" value
may_not 'is a snapshot' snapshot
may_not 'is unlinked' orphan
may crypt
may_not 'is encrypted' crypt $edges
may frozen $edges
grep -q immutable out || fail "no word about it: $(cat out)"
for system in 1 7 8; do
	may_not 'belongs to the file system itself' "<$system>"
done

make_ext image 8M -O quota
may_not 'belongs to the file system itself' '<3>'
# no quota file, nothing is counted: the edit is done in full
make_ext image 8M -O quota
with <<-'END'
	write content plain
	clri <3>
	clri <4>
	set_super_value usr_quota_inum 0
	set_super_value grp_quota_inum 0
END
run_e4zero 0 --truncate 100 image /plain
make_ext image 8M -O orphan_file
may_not 'belongs to the file system itself' "<$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Orphan file inode: *//p')>"
