#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Logs that a live kernel left: our replay writes what e2fsck's and the kernel's write, block by block, journal and
# superblock aside; and an edit of a dirty image is the replay and the edit.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

for tool in python3 mke2fs e2fsck dumpe2fs mount; do requires $tool; done
requires_loop
. "$srcdir/tests/journal/lib.sh"

driver=$builddir/tests/kernel/driver
[ -x "$driver" ] || skip "$driver is not built"
export PYTHONDONTWRITEBYTECODE=1 E2FSPROGS_FAKE_TIME=1700000000
seeds=${SEEDS:-1 2} replayed=0 edits=0

# sound NAME IMAGE: e2fsck finds nothing, a kernel mounts it for writing and shows every byte, e2fsck again.
sound() {
	e2fsck -fn "$2" >e2fsck.out 2>&1 || { cat e2fsck.out; fail "$1: e2fsck"; }
	mount_loop defaults "$2" || { cat mount.err; fail "$1: the kernel does not mount it"; }
	find mnt -type f -exec cat {} + >/dev/null || fail "$1: not readable"
	unmount_loop
	e2fsck -fn "$2" >e2fsck.out 2>&1 || { cat e2fsck.out; fail "$1: e2fsck after the mount"; }
}

# dirty IMAGE: it wants to be replayed.
dirty() {
	dumpe2fs -h "$1" 2>/dev/null | grep -q '^Filesystem features:.* needs_recovery'
}

# judge_replay NAME: e4z_replay() on a copy of image makes what the view shows; by-us is left.
judge_replay() {
	cp --sparse=always image by-us
	"$driver" replay by-us >replay.out || { cat replay.out; fail "$1: the replay fails"; }
	grep -q '^replayed [1-9]' replay.out || fail "$1: nothing was replayed: $(cat replay.out)"
	dirty by-us && fail "$1: replayed, and still dirty"
	judged "$1" image by-us 'our replay'
	cp --sparse=always by-us again
	"$driver" replay again >replay.out && cmp -s by-us again || fail "$1: a second replay changes something"
	cp --sparse=always by-us again
	sound "$1 replayed" again
	replayed=$((replayed + 1))
}

# judge_edit NAME SEED MODE: the same truncates on the dirty image and on the replayed one.
judge_edit() {
	local i mode=$3
	RANDOM=$2
	for i in {0..59}; do
		echo "/f$i $((RANDOM * 4))"
	done >script
	cp --sparse=always image edited
	"$driver" truncate edited "data=$mode" <script >edited.out || { tail -2 edited.out; fail "$1: dirty"; }
	"$driver" truncate by-us "data=$mode" <script >by-us.out || { tail -2 by-us.out; fail "$1: replayed"; }
	cmp edited.out by-us.out || fail "$1: other answers on the dirty image"
	[ "$(grep -c '^ok' edited.out)" -ge 5 ] || fail "$1: hardly a file was there"
	grep '^no' edited.out | grep -vq 'No such file' && { grep '^no' edited.out; fail "$1: refused"; }
	dirty edited && fail "$1: edited, and still dirty"
	dirty by-us && fail "$1: replayed and edited, and dirty"
	"$view" compare edited by-us >compare.out || { cat compare.out; fail "$1: replay and edit differ"; }
	sound "$1 edited" edited
	edits=$((edits + 1))
}

# one NAME KIND SEED ROUNDS MOUNT-OPTIONS MKE2FS-ARGUMENTS...
one() {
	local name="$1 seed $3"
	crash "$@"
	judge_e2fsck "$name" image
	judge_kernel "$name" image
	judge_replay "$name"
	judge_edit "$name" "$3" journal
	judge_replay "$name"
	judge_edit "$name" "$3" ordered
	image_unchanged image
	echo "$name: ours is e2fsck's and the kernel's, and may be edited"
}

# external BLOCK-SIZE SEED: the log is on a device of its own.
external() {
	local name="external $1 seed $2" device
	crash_external "$name" "$@"
	judge_external "$name"

	cp journal by-us.journal
	cp --sparse=always image by-us
	"$driver" replay by-us journal=by-us.journal >replay.out || { cat replay.out; fail "$name: the replay"; }
	grep -q '^replayed [1-9]' replay.out || fail "$name: nothing was replayed: $(cat replay.out)"
	dirty by-us && fail "$name: replayed, and still dirty"
	journal_device=journal judged "$name" image by-us 'our replay'
	e2fsck -fn -j by-us.journal by-us >e2fsck.out 2>&1 || { cat e2fsck.out; fail "$name: e2fsck after us"; }
	attach_loop device by-us.journal
	mount_loop "journal_path=$device" by-us || { cat mount.err; fail "$name: the kernel after us"; }
	find mnt -type f -exec cat {} + >/dev/null || fail "$name: not readable"
	unmount_loop
	detach_loop "$device"
	image_unchanged image journal
	replayed=$((replayed + 1))
	echo "$name: ours is e2fsck's"
}

for seed in $seeds; do
	one csum3 revoke "$seed" 4 defaults -b 4096
	one 1k-wrap revoke "$seed" 12 defaults -b 1024 -J size=2
	external 1024 "$seed"
	[ -z "${SAMPLE:-}" ] || continue
	one wrap revoke "$seed" 25 defaults -b 4096 -J size=4
	one csum3-32bit revoke "$seed" 4 defaults -O ^64bit,metadata_csum
	one 2k-wrap revoke "$seed" 20 defaults -b 2048 -J size=4
	one 1k-data data "$seed" 4 data=journal -b 1024 -J size=4
	one data data "$seed" 4 data=journal -b 4096 -J size=8
	one no-csum revoke "$seed" 6 defaults -O ^metadata_csum,^64bit
	one v1 revoke "$seed" 5 journal_checksum -O ^metadata_csum
	one v1-async revoke "$seed" 5 journal_async_commit,data=writeback -O ^metadata_csum
	one ext3 revoke "$seed" 6 defaults -O ^extent,^64bit,^metadata_csum,^flex_bg,^dir_nlink,^extra_isize
	one bigalloc meta "$seed" 5 defaults -O bigalloc -C 16384
	one inline_data meta "$seed" 5 defaults -O inline_data
	one orphan_file meta "$seed" 5 defaults -O orphan_file
	external 4096 "$seed"
done
echo "$replayed replays, $edits edits of dirty images"
