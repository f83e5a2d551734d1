#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hosts over FUSE to which a hole is advice: liar.c, which is cached by the kernel (that zeroes the rest of a page in memory
# whatever the host did), QEMU's export of a qcow2 image, nbdfuse. What is reported as zero is zero below them.
own_mounts=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires_root
[ -n "${COMPILE:-}" ] || skip 'COMPILE is not set: run me by make check'
# shellcheck disable=SC2086 # words
(cd "$builddir" && $COMPILE -w -O1 -o "$tmp/liar" "$srcdir/tests/edit/holes/liar.c") >log 2>&1 || fail "liar.c: $(cat log)"

# dirty BLOCK-SIZE: made has LEN unwritten bytes, whose last page may hold other blocks too, and 4 blocks, over old bytes
dirty() {
	len=$(((76800 + $1 - 1) / $1 * $1))
	head -c 24M /dev/zero | tr '\0' '\312' >made
	mke2fs -q -F -t ext4 -b "$1" -E nodiscard,lazy_itable_init=0 made >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	: >empty
	debugfs_script made <<-END
		write empty old
		fallocate old 0 $((len / $1 - 1))
		sif old size $len
		write empty four
		fallocate four 0 3
		sif four size $((4 * $1))
	END
}

# below IMAGE: files are zero, all is sound, and no residue is left
zeroed() {
	debugfs -R 'dump old got' "$1" >debugfs.log 2>&1
	cmp -s got <(head -c "$len" /dev/zero) || fail "$what: old bytes can be read"
	sound "$1"
	same "$what: residue" "$("$E4ZERO" --json --paranoid "$1" | jq 'select(.type == "summary") | .stale_bytes')" 0
}

# served: shown holds what made has; ended: below is what the host has of it. Each host says how.
# through HOST: all that zeroes
through() {
	local line
	what=$1
	for line in '--convert written shown' '--fix --paranoid shown' '--script script shown'; do
		cp made below
		served
		# it is in the page cache
		cat shown >/dev/null
		# shellcheck disable=SC2086 # words
		run_e4zero 0 --json $line
		again=$((again + $(field bytes_zeroed_again summary)))
		ended
		what="$1, $line"
		zeroed below
	done
	# zeroes that come back
	cp made below
	"$E4ZERO" -q --convert written below || fail '--convert written'
	cp below zeroes
	served
	head -c "$len" /dev/zero | tr '\0' x >bytes
	run_e4zero 0 --write -o 0 --from bytes --data ordered --undo undo shown /old
	run_e4zero 0 --undo-apply undo shown
	ended
	rm undo
	cmp below zeroes || fail "$1: --undo-apply left other bytes"
}
: >shown

serve_liar() {
	coproc host { exec ./liar below shown "$unit"; }
	host_pid=$!
	read -r said <&"${host[0]}" && [ "$said" = ready ] || skip 'FUSE cannot be mounted here'
	cleanup_fn umount "$PWD/shown"
}

end_liar() {
	umount shown || fail umount
	forget_cleanup umount "$PWD/shown"
	wait "$host_pid"
}

served() { serve_liar; }
ended() { end_liar; }
for bs in 1024 2048 4096; do
	dirty $bs
	printf 'write-zeroes /old 0 %d\nwrite-zeroes /four 0 %d\n' "$len" $((4 * bs)) >script
	for unit in 1073741824 4096 65536; do
		again=0
		through "liar, $bs, $unit"
		[ $again -gt 0 ] || [ $unit = 4096 ] || fail "$what: the host was believed"
	done
done

hosts=liar
served() {
	qemu-img convert -f raw -O qcow2 below below.qcow2 || fail 'qemu-img'
	qemu-storage-daemon --daemonize --pidfile host.pid --blockdev "driver=file,node-name=f,filename=below.qcow2,discard=unmap" \
		--blockdev driver=qcow2,node-name=n,file=f,discard=unmap \
		--export "type=fuse,id=e,node-name=n,mountpoint=$PWD/shown,writable=on" >qemu.log 2>&1 || return
	host_pid=$(cat host.pid)
	cleanup_fn kill "$host_pid"
}
ended() {
	forget_cleanup kill "$host_pid"
	kill "$host_pid"
	tail -f /dev/null --pid="$host_pid"
	qemu-img convert -f qcow2 -O raw below.qcow2 below || fail 'qemu-img'
}
if command -v qemu-storage-daemon >/dev/null && command -v qemu-img >/dev/null && cp made below && served; then
	ended
	again=0
	through qemu
	hosts="$hosts qemu ($again bytes again)"
fi

# trims of parts of 64 KiB are dropped
served() {
	coproc host { exec nbdfuse -P host.pid shown --command nbdkit -s --exit-with-parent --filter=blocksize file below minblock=64k; }
	host_pid=$!
	cleanup_fn fusermount3 -u "$PWD/shown"
	until [ -s host.pid ]; do kill -0 "$host_pid" 2>/dev/null || return; done
}
ended() {
	fusermount3 -u "$PWD/shown" || fail fusermount3
	forget_cleanup fusermount3 -u "$PWD/shown"
	wait "$host_pid"
	rm -f host.pid
}
if command -v nbdfuse >/dev/null && command -v nbdkit >/dev/null && command -v fusermount3 >/dev/null; then
	again=0
	through nbdfuse
	hosts="$hosts nbdfuse ($again bytes again)"
fi
echo "hosts: $hosts"
