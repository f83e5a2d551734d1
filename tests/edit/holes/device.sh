#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Zeroes on a block device: never by a discard; what the device says to have zeroed and has not is written; auto keeps the
# blocks of what is below, always gives them back, never writes; sectors of 4 KiB below blocks of 1 KiB.
on_disk=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/holes/common.sh"
. "$srcdir/tests/edit/faults/faulty.sh"
requires_loop
requires blockdev

# dirty BLOCK-SIZE: 300 KiB of unwritten blocks over old bytes, nothing of the image is a hole
dirty() {
	head -c 24M /dev/zero | tr '\0' '\312' >made
	mke2fs -q -F -t ext4 -b "$1" -E nodiscard,lazy_itable_init=0 made >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	: >empty
	debugfs_script made <<-END
		write empty old
		fallocate old 0 $((307200 / $1 - 1))
		sif old size 307200
	END
}

# zeroed WHAT: below the device /old is zero
zeroed() {
	blockdev --flushbufs "$device"
	sync image
	cp image copy
	debugfs -R 'dump old got' copy >debugfs.log 2>&1
	same "$1: length" "$(stat -c %s got)" 307200
	cmp -s got <(head -c 307200 /dev/zero) || fail "$1: old bytes"
	sound copy
}

for sectors in 512 4096; do
	for bs in 1024 4096; do
		dirty $bs
		cp made image
		sync image
		attach_loop device image -b $sectors
		for holes in auto always never; do
			for unit in 1073741824 65536; do
				dd if=made of="$device" bs=1M conv=notrunc status=none
				LD_PRELOAD=$tmp/faulty.so FAULTY_FILE=$device FAULTY_ZERO=$unit "$E4ZERO" --json --holes $holes \
					--convert written "$device" >out 2>err </dev/null ||
					fail "$sectors, $bs, $holes: $(cat err)"
				again=$(field bytes_zeroed_again summary)
				zeroed "$sectors, $bs, $holes, units of $unit"
				case $holes$((bs < sectors)) in
				never?) same "$holes: bytes again" "$again" 0 ;;
				*0) [ "$again" -gt 0 ] || fail "$sectors, $bs, $holes: the device was believed" ;;
				esac
			done
			# an honest device
			dd if=made of="$device" bs=1M conv=notrunc status=none
			sync "$device" image
			LD_PRELOAD=$tmp/faulty.so FAULTY_FILE=$device run_e4zero 0 --json --holes $holes --convert written "$device"
			same "$holes: bytes again" "$(field bytes_zeroed_again summary)" 0
			zeroed "$sectors, $bs, $holes"
			[ $bs = 4096 ] || continue
			case $holes in
			auto) [ "$(stat -c %b image)" -ge 49152 ] || fail "auto gave back $((49152 - $(stat -c %b image))) sectors" ;;
			always) [ "$(stat -c %b image)" -le $((49152 - 500)) ] || fail "always made no hole: $(stat -c %b image)" ;;
			never)
				same 'never: data' "$(data_of image /old)" 307200
				;;
			esac
		done
		detach_loop "$device"
	done
done

# a device that can neither zero nor make holes is written to
attach_loop device image
dd if=made of="$device" bs=1M conv=notrunc status=none
for holes in auto always; do
	dd if=made of="$device" bs=1M conv=notrunc status=none
	LD_PRELOAD=$tmp/faulty.so FAULTY_FILE=$device FAULTY_STEP=1 FAULTY_ERRNO=95 "$E4ZERO" --convert written --holes $holes "$device" \
		>out 2>err </dev/null || fail "$holes: $(cat err)"
	zeroed "$holes, where it is not supported"
done
