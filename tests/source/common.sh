# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Helpers for the tests of images in QEMU's formats. Source it after tests/lib.sh.

. "$srcdir/tests/edit/common.sh"
requires qemu-img
requires qemu-nbd

# The driver and the options of qemu-img for each format. Without force_size the size of a VHD is rounded to its geometry.
declare -A qemu_format=(
	[qcow2]='qcow2' [qcow2v2]='qcow2 -o compat=0.10' [small-clusters]='qcow2 -o cluster_size=512'
	[subclusters]='qcow2 -o extended_l2=on' [compressed]='qcow2 -c' [vmdk]='vmdk' [stream]='vmdk -o subformat=streamOptimized'
	[bits]='qcow2 -o refcount_bits=1' [zstd]='qcow2 -c -o compression_type=zstd'
	[vhdx]='vhdx' [vhd]='vpc -o force_size=on' [vdi]='vdi' [vdi-static]='vdi -o static=on' [parallels]='parallels' [qed]='qed'
)
all_formats=(qcow2 vmdk vhdx vhd vdi parallels qed qcow2v2 small-clusters subclusters compressed stream vdi-static)
edited_formats=(qcow2 vmdk vhdx vhd vdi parallels qed qcow2v2 small-clusters subclusters compressed bits zstd vdi-static)

# LeakSanitizer does not work under strace.
strace() {
	ASAN_OPTIONS=detect_leaks=0 command strace "$@"
}

# into FORMAT RAW IMAGE: convert RAW to IMAGE
into() {
	# shellcheck disable=SC2086 # words
	qemu-img convert -f raw -O ${qemu_format[$1]} "$2" "$3" >qemu-img.out 2>&1 || fail "$1: $(cat qemu-img.out)"
}

# out_of FORMAT IMAGE RAW: convert IMAGE to RAW
out_of() {
	local format=${qemu_format[$1]}
	qemu-img convert -f "${format%% *}" -O raw "$2" "$3" >qemu-img.out 2>&1 || fail "$1: $(cat qemu-img.out)"
}

# consistent IMAGE: "qemu-img check" finds no error; 63: it cannot check this format
consistent() {
	local rc
	qemu-img check "$1" >qemu-img.out 2>&1
	rc=$?
	[ $rc = 0 ] || [ $rc = 63 ] || fail "qemu-img check $1: $(cat qemu-img.out)"
}

# no_child: no process has one of this test's images open, and no directory of a socket is left. A child whose parent was
# killed takes a moment to end.
no_child() {
	local i said
	for ((i = 0; i < 200; i++)); do
		said=$(ours)
		[ -n "$said" ] || break
		sleep 0.05
	done
	[ -z "$said" ] || fail "a child is left: $said"
	said=$(find "$TMPDIR" -name 'e4zero-*')
	[ -z "$said" ] || fail "a directory is left: $said"
}
# e4zero names its sockets in here; other tests do not
mkdir "$tmp/private"
export TMPDIR=$tmp/private

# ours: processes that have an image of this test's directory open
ours() {
	local fd pid said=
	for fd in /proc/[0-9]*/fd/*; do
		pid=${fd#/proc/} pid=${pid%%/*}
		[ "$pid" != $$ ] || continue
		[[ $(readlink "$fd" 2>/dev/null) != "$tmp/"*.img ]] || said+="$pid ($(cat "/proc/$pid/comm" 2>/dev/null)) "
	done
	echo -n "$said"
}
