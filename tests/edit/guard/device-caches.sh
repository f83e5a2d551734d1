#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Linux has a page cache for each node of a disk. What lies in one of them, while somebody keeps the device open, is
# neither believed nor left behind: before a check, before an edit, after it, and of an external journal.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires_loop
requires addpart
requires python3
requires mke2fs

truncate -s 96M disk.img
python3 - <<'END'
import struct
table = bytearray(512)
for n, (start, size) in enumerate(((2048, 65536), (73728, 65536))):
    table[446 + 16 * n:462 + 16 * n] = struct.pack("<BBBBBBBBII", 0, 0, 2, 0, 0x83, 0, 2, 0, start, size)
table[510:] = b"\x55\xaa"
open("disk.img", "r+b").write(table)
END
attach_loop disk disk.img
addpart "$disk" 1 2048 65536 || skip 'the kernel adds no partitions to loop devices'
cleanup_fn delpart "$disk" 1
addpart "$disk" 2 73728 65536 || fail addpart
cleanup_fn delpart "$disk" 2
[ -b "${disk}p2" ] || skip 'no device node appears for a new partition'
mkdir mnt

mounted() {
	mount "$1" mnt || fail "mount $1"
	cleanup_fn umount "$tmp/mnt"
}

unmounted() {
	umount mnt || fail umount
	forget_cleanup umount "$tmp/mnt"
}

# held_open COMMAND...: while both nodes are open, so that what they have read stays
held_open() {
	exec 8<"$disk" 9<"${disk}p1"
	cleanup_fn let_go
	"$@"
	let_go
	forget_cleanup let_go
}

let_go() {
	exec 8<&- 9<&-
}

read_all() {
	cat "$@" >/dev/null
}

head -c 60000 /dev/zero | tr '\0' A >old
head -c 70000 /dev/zero | tr '\0' B >new

# the disk has an old copy: what was written through the partition since is checked and built on
through_disk() {
	mke2fs -q -F -t ext4 -b 4096 "${disk}p1" >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
	read_all "$disk"
	mounted "${disk}p1"
	for i in 1 2 3 4 5 6 7 8; do cp new "mnt/file$i" || fail cp; done
	unmounted
	run_e4zero 0 --partition 1 --json "$disk"
	same files "$(field files summary)" 8
	read_all "$disk"
	mounted "${disk}p1"
	for i in 1 2 3 4 5 6 7 8; do cp old "mnt/more$i" || fail cp; done
	unmounted
	read_all "${disk}p1"
	run_e4zero 0 --partition 1 --truncate 100000 "$disk" /file1
	# the partition's cache, which was full, must not keep what was there before the edit
	e2fsck -fn "${disk}p1" >e2fsck.out 2>&1 || fail "after an edit of the disk: $(cat e2fsck.out)"
	cat new <(head -c 30000 /dev/zero) >model
	holds "${disk}p1" /file1 model /more8 old
}
held_open through_disk

# and the other way round
through_partition() {
	read_all "$disk" "${disk}p1"
	run_e4zero 0 --truncate 10 "${disk}p1" /file2
	e2fsck -fn "$disk?offset=1048576" >e2fsck.out 2>&1 || fail "after an edit of the partition: $(cat e2fsck.out)"
	# bytes that the disk's cache has and the disk has not yet
	printf STALE | dd of="$disk" bs=1 seek=$((1048576 + 4096 * $(physical "${disk}p1" /file2 0) + 20)) \
		conv=notrunc,nocreat status=none
	run_e4zero 4 --check "${disk}p1"
	run_e4zero 0 --fix "${disk}p1"
	run_e4zero 0 --check --partition 1 "$disk"
	read_all "${disk}p1"
	"$E4ZERO" --truncate 11 "${disk}p1" /file2 >undo.out 2>&1 || fail "$(cat undo.out)"
	run_e4zero 0 --undo keep.undo --truncate 12 --partition 1 "$disk" /file2
	run_e4zero 0 --undo-apply keep.undo --partition 1 "$disk"
	debugfs -R 'stat /file2' "${disk}p1" 2>/dev/null | grep -q 'Size: 11$' ||
		fail "after an undo: $(debugfs -R 'stat /file2' "${disk}p1" 2>&1)"
}
held_open through_partition

# the journal in the second partition: by either node of either
with_journal() {
	local uuid
	uuid=$(python3 -c 'import uuid; print(uuid.uuid4())')
	mke2fs -q -F -O journal_dev -b 4096 -U "$uuid" "${disk}p2" >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
	mke2fs -q -F -t ext4 -b 4096 -J device="${disk}p2" "${disk}p1" >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
	debugfs_script "${disk}p1" <<<'write new file'
	read_all "$disk" "${disk}p2"
	run_e4zero 0 --truncate 60000 "${disk}p1" /file
	run_e4zero 0 --truncate 50000 --journal-device "$disk" "${disk}p1" /file
	run_e4zero 0 --truncate 40000 --journal-device "${disk}p2" --partition 1 "$disk" /file
	run_e4zero 0 --truncate 30000 --partition 1 "$disk" /file
	run_e4zero 0 --truncate 20000 --journal-device "$disk?offset=37748736" --partition 1 "$disk" /file
	head -c 20000 new >model
	holds "${disk}p1" /file model
	e2fsck -fn -j "${disk}p2" "${disk}p1" >e2fsck.out 2>&1 || fail "with a journal: $(cat e2fsck.out)"
	mounted "${disk}p1"
	cmp mnt/file model || fail 'the kernel sees another file'
	run_e4zero 8 --truncate 1 --partition 1 --journal-device "${disk}p2" "$disk" /file
	grep -q mounted err || fail "$(cat err)"
	unmounted
	run_e4zero 0 --truncate 10000 "${disk}p1" /file
}
held_open with_journal

# one partition is in use: the other is edited by its own node only, and the message says so
for part in p1 p2; do
	mke2fs -q -F -t ext4 -b 4096 "$disk$part" >mke2fs.log 2>&1 || fail "$(cat mke2fs.log)"
done
debugfs_script "${disk}p1" <<<'write new file'
mounted "${disk}p2"
run_e4zero 8 --truncate 10 --partition 1 "$disk" /file
grep -q "in use: $disk or another part of it is opened exclusively; use the partition" err || fail "$(cat err)"
run_e4zero 0 --truncate 10 "${disk}p1" /file

# a loop device has a cache of its own over that of its file: who changes the file is heard
under_loop() {
	exec 8<"$over"
	read_all "$over"
	dd if=changed.img of=below.img conv=notrunc status=none
	run_e4zero 0 --json --check "$over"
	same files "$(field files summary)" 4
	read_all "$over"
	dd if=again.img of=below.img conv=notrunc status=none
	run_e4zero 0 --truncate 10 "$over" /third
	e2fsck -fn below.img >e2fsck.out 2>&1 || fail "after an edit of what was old: $(cat e2fsck.out)"
	head -c 10 new >model
	holds below.img /third model /second new
	exec 8<&-
}
edit_image below.img
cp below.img changed.img
debugfs_script changed.img <<<'write new second'
cp changed.img again.img
debugfs_script again.img <<<'write new third'
attach_loop over below.img
under_loop
