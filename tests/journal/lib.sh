# SPDX-License-Identifier: GPL-2.0-or-later
# What the journal tests share: those who replay on the disk, against our view. After lib.sh.

view=${JOURNAL_VIEW:-$builddir/tests/journal/journal-view}
[ -x "$view" ] || skip "$view is not built"
passed=0 refused=0
journal_device= # an external journal, while one is judged

loop=

# mount_loop OPTIONS FILE: mount FILE on $tmp/mnt, to be undone by unmount_loop or at the end. The
# device is attached by itself: "loop,ro" would make one that cannot be replayed.
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
