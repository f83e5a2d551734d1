#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Logs of a live kernel after a crash: as we see them, as e2fsck and the kernel replay them.
own_mounts=1
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/journal/lib.sh"

requires python3
requires mke2fs
requires e2fsck
requires_loop

seeds=${SEEDS:-1 2}
ext3=^extent,^64bit,^metadata_csum,^flex_bg,^uninit_bg,^dir_nlink,^extra_isize
wraps=0 revokes=0

# one NAME KIND SEED ROUNDS MOUNT-OPTIONS [MKE2FS-ARGUMENTS...]
one() {
	local name="$1 seed $3"
	crash "$@"
	judge_e2fsck "$name" image
	head -2 compare.out | sed "s/^/$name: /"
	grep -q 'wrapped=1' compare.out && wraps=$((wraps + 1))
	grep -q 'revokes=0' compare.out || revokes=$((revokes + 1))
	judge_kernel "$name" image
	judge_apply "$name" image
	image_unchanged image
}

for seed in $seeds; do
	one csum3-64bit revoke "$seed" 4 defaults -b 4096 -O 64bit,metadata_csum
	one csum3-wrap revoke "$seed" 25 defaults -b 4096 -O 64bit,metadata_csum -J size=4
	one csum3-32bit revoke "$seed" 4 defaults -O ^64bit,metadata_csum
	one 1k-wrap revoke "$seed" 12 defaults -b 1024 -J size=2
	one 2k-wrap revoke "$seed" 20 defaults -b 2048 -J size=4
	one 1k-data data "$seed" 4 data=journal -b 1024 -J size=4
	one 4k-data data "$seed" 4 data=journal -b 4096 -J size=4
	one no-csum revoke "$seed" 6 defaults -b 4096 -O ^metadata_csum,^64bit
	one no-csum-64bit-data data "$seed" 4 data=journal -O ^metadata_csum,64bit -J size=8
	one no-csum-wrap revoke "$seed" 25 defaults -b 4096 -O ^metadata_csum -J size=4
	one v1 revoke "$seed" 5 journal_checksum -O ^metadata_csum
	one v1-wrap-data data "$seed" 14 journal_checksum,data=journal -O ^metadata_csum -J size=4
	one v1-async revoke "$seed" 5 journal_async_commit,data=writeback -O ^metadata_csum
	one csum3-async revoke "$seed" 5 journal_async_commit,data=writeback -b 4096
	one ext3 revoke "$seed" 6 defaults -O "$ext3" -b 4096
	one ext3-1k-data data "$seed" 4 data=journal -O "$ext3" -b 1024 -J size=4
	one bigalloc meta "$seed" 5 defaults -O bigalloc -C 16384
done

# external BLOCK-SIZE SEED MKE2FS-ARGUMENTS...: the log is on a device of its own.
external() {
	local bs=$1 name="external $1 seed $2" device
	crash_external "$name" "$@"
	shift 2
	judge_external "$name"
	head -2 compare.out | sed "s/^/$name: /"

	cp journal by-kernel.journal
	cp --sparse=always image by-kernel
	attach_loop device by-kernel.journal
	mount_loop "ro,journal_path=$device" by-kernel || { cat mount.err; fail "$name: the kernel"; }
	unmount_loop
	detach_loop "$device"
	journal_device=journal judged "$name" image by-kernel 'the kernel'
	image_unchanged image journal

	# another file system's journal is not taken
	rm -f stranger
	truncate -s 8M stranger
	mke2fs -q -F -b "$bs" -O journal_dev "$@" stranger || fail 'mke2fs -O journal_dev'
	"$view" -j stranger info image >info.out
	[ $? = 3 ] && grep -q 'has another UUID' info.out || { cat info.out; fail 'a stranger is taken'; }
	refused=$((refused + 1))
}

for seed in $seeds; do
	external 4096 "$seed"
	external 1024 "$seed"
	external 4096 "$seed" -O ^metadata_csum
done

# Fast commits: the log alone is seen as the kernel sees it, and what fsync left is refused by name.
for seed in $seeds; do
	crash fast-commit meta "$seed" 5 defaults -O fast_commit
	judge_kernel "fast-commit seed $seed" image
	sed -n "1,2s/^/fast-commit seed $seed: /p" compare.out
	crash fast-commit fsync "${seed}1" 5 defaults -O fast_commit
	"$view" info image >info.out
	[ $? = 3 ] && grep -q 'fast commits' info.out ||
		{ cat info.out; fail 'fast commits are not refused'; }
	refused=$((refused + 1))
	image_unchanged image
done

[ $wraps -ge 2 ] || fail "only $wraps logs wrapped around"
[ $revokes -ge 4 ] || fail "only $revokes logs with revoke records"
echo "$passed comparisons, $wraps logs wrapped around, $revokes with revokes, $refused refused"
