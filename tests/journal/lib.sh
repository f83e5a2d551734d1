# SPDX-License-Identifier: GPL-2.0-or-later
# What the journal tests share: those who replay on the disk, against our view. After lib.sh.

view=${JOURNAL_VIEW:-$builddir/tests/journal/journal-view}
[ -x "$view" ] || skip "$view is not built"
passed=0 refused=0
journal_device= # an external journal, while one is judged

work="python3 $srcdir/tests/journal/work.py"

loop=

# mount_loop OPTIONS FILE: mount FILE on $tmp/mnt, to be undone by unmount_loop or at the end. The device is attached
# separately: "loop,ro" would make one that cannot be replayed.
mount_loop() {
	mkdir -p mnt
	loop=$(losetup -f --show "$2") || fail "cannot attach $2"
	mount -o "$1" "$loop" mnt 2>mount.err && return
	unmount_loop
	return 1
}

unmount_loop() {
	! mountpoint -q "$tmp/mnt" || umount "$tmp/mnt" || return
	[ -z "$loop" ] || losetup -d "$loop" || return
	loop=
}
cleanup_fn unmount_loop

# crash NAME KIND SEED ROUNDS MOUNT-OPTIONS [MKE2FS-ARGUMENTS...]: image has a dirty log now.
crash() {
	local name=$1 kind=$2 seed=$3 rounds=$4 options=$5 how=now
	shift 5
	[ $((seed % 2)) = 0 ] && how=log
	rm -f image
	truncate -s 96M image
	mke2fs -q -F -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 "$@" image || fail "mke2fs $*"
	mount_loop "$options" image || skip "the kernel does not mount with $options"
	$work mnt "$kind" "$seed" "$rounds" 60 || fail "$name: the workload fails"
	$work mnt shutdown $how || skip 'no shutdown ioctl'
	unmount_loop
	remember_image image
}

# crash_external NAME BLOCK-SIZE SEED [MKE2FS-ARGUMENTS...]: image has a dirty log in journal.
crash_external() {
	local name=$1 bs=$2 seed=$3 device
	shift 3
	rm -f image journal
	truncate -s 96M image
	truncate -s 8M journal
	attach_loop device journal
	mke2fs -q -F -b "$bs" -O journal_dev "$@" "$device" || fail 'mke2fs -O journal_dev'
	mke2fs -q -F -b "$bs" -t ext4 "$@" -E lazy_itable_init=0 -J device="$device" image ||
		fail 'mke2fs -J device'
	mount_loop "journal_path=$device" image || skip 'no mount with an external journal'
	$work mnt revoke "$seed" 5 60 || fail "$name: the workload fails"
	$work mnt shutdown log || skip 'no shutdown ioctl'
	unmount_loop
	sync "$device"
	# it stays attached to the end: what a device that is given up late writes would be a change
	remember_image image journal
}

# judged NAME IMAGE OTHER WHO: our view of IMAGE is OTHER, on which WHO has replayed.
judged() {
	"$view" ${journal_device:+-j "$journal_device"} compare "$2" "$3" >compare.out ||
		{ cat compare.out; fail "$1: differs from $4"; }
	# what the log covers was really compared
	grep -q ' 0 of them covered' compare.out && ! grep -q 'blocks=0' compare.out &&
		fail "$1: nothing was compared"
	passed=$((passed + 1))
}

# judge_e2fsck NAME IMAGE: against e2fsck, which replays on a copy.
judge_e2fsck() {
	local rc
	cp --sparse=always "$2" by-e2fsck
	e2fsck -E journal_only -y by-e2fsck >e2fsck.out 2>&1
	rc=$?
	[ $rc -le 1 ] || { cat e2fsck.out; fail "$1: e2fsck journal_only: exit $rc"; }
	judged "$1" "$2" by-e2fsck e2fsck
	rm by-e2fsck
}

# judge_external NAME: the same of image, whose log is in journal.
judge_external() {
	cp journal by-e2fsck.journal
	cp --sparse=always image by-e2fsck
	e2fsck -E journal_only -y -j by-e2fsck.journal by-e2fsck >e2fsck.out 2>&1
	[ $? -le 1 ] || { cat e2fsck.out; fail "$1: e2fsck"; }
	journal_device=journal judged "$1" image by-e2fsck e2fsck
}

# judge_kernel NAME IMAGE: against the kernel, which replays when it mounts, for reading only, too.
judge_kernel() {
	cp --sparse=always "$2" by-kernel
	mount_loop ro by-kernel || { cat mount.err; fail "$1: the kernel does not mount it"; }
	unmount_loop
	judged "$1" "$2" by-kernel 'the kernel'
	rm by-kernel
}

# judge_apply NAME IMAGE: the overlay written home, and the log dropped, is a sound file system.
judge_apply() {
	cp --sparse=always "$2" by-us
	"$view" apply by-us || fail "$1: cannot be applied"
	"$view" compare by-us by-us >/dev/null || fail "$1: replaying is not idempotent"
	judged "$1" "$2" by-us 'what we wrote'
	# once more by e2fsck over our result: it changes nothing
	e2fsck -E journal_only -y by-us >e2fsck.out 2>&1
	judged "$1" "$2" by-us 'e2fsck after us'
	e2fsck -fn by-us >e2fsck.out 2>&1 || { cat e2fsck.out; fail "$1: not sound after replay"; }
	rm by-us
}
