#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A file system that a kernel has used, on a device full of a canary: nothing deleted is left in free blocks, in i_block or
# in tree blocks, and the kernel finds its files as they were.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

requires_loop
requires python3
mkdir mnt
mount_it() { # OPTIONS: where the kernel cannot, the layout is passed over
	mount -t ext4 -o loop"$1" image mnt 2>mount.err || return
	cleanup_fn umount "$PWD/mnt"
}
umount_it() {
	umount mnt || fail 'umount'
	forget_cleanup umount "$PWD/mnt"
}

use() {
	local i
	mkdir -p mnt/used/deep
	for ((i = 0; i < 60; i++)); do
		text mnt/used/deleted$i $((i * 700 + 1)) $'DELETED content\n'
		ln -s "$(printf 'DELETED/%.0s' {1..20})" mnt/used/link$i
		ln -s DELETEDTARGET mnt/used/fast$i
	done
	# a tree that was wide
	for ((i = 0; i < 400; i++)); do
		printf DELETED | dd of=mnt/used/wide bs=1024 seek=$((i * 2)) conv=notrunc status=none
	done
	sync -f mnt
	truncate -s 3000 mnt/used/wide
	python3 -c 'import os; os.setxattr("mnt/used/deleted3", "user.x", b"DELETEDVALUE")' 2>/dev/null
	fallocate -l 200000 mnt/used/deep/allocated 2>/dev/null
	mkfifo mnt/used/deep/fifo
	mknod mnt/used/deep/null c 1 3
	rm mnt/used/deleted[0-4]* mnt/used/link* mnt/used/fast[0-3]*
	mv mnt/used/deleted59 mnt/used/deep/kept
}

done_some=
broad some 2 "${layouts[@]}"
for layout in "${some[@]}"; do
	canary_image image "$layout"
	mount_it '' || continue
	use
	umount_it
	mount_it '' || fail "mount: $(cat mount.err)"
	find mnt/used mnt/ten mnt/dir -type f -print0 | sort -z | xargs -0 sha256sum >before
	umount_it
	run_e4zero 4 --json --check --all image
	same "what is missing in the sum of $layout" "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	# what a kernel leaves is neither leaked nor disputed
	same "what is not the kernel's of $layout" "$(class leaked-block bytes) $(class disputed bytes)" '0 0'
	run_e4zero 0 --json --fix --all image
	same "left in free blocks of $layout" "$(free_bytes image)" 0
	same "left in fixed places of $layout" "$(fixed_bytes image | awk '$3 != 0')" ''
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$layout: e2fsck: $(cat e2fsck.out)"
	run_e4zero 0 --json --check --all image
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
	mount_it '' || fail "$layout: mount after the fix: $(cat mount.err)"
	sha256sum --quiet -c before || fail "$layout: a file changed"
	rm mnt/used/wide && cp before mnt/new || fail "$layout: it cannot be used"
	umount_it
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$layout: e2fsck after use: $(cat e2fsck.out)"
	done_some+=.
done
[ -n "$done_some" ] || skip 'the kernel mounts none of the layouts'
echo "${#done_some} layouts"
