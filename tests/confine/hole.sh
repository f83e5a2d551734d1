#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A process that an image has taken over reaches nothing: attempts that succeed without the sandbox fail in it, with Landlock
# alone, with the filter alone, and with both. The check or the edit goes on.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
hole=$builddir/tests/confine/hole
[ -x "$hole" ] || fail "$hole is not built"
requires python3
edit_image image

# attempts HOW WHAT STATUS [IMAGE]: run hole; the file "out" has the result of each attempt
attempts() {
	local rc
	echo secret >secret
	: >spare
	mkdir -p mnt
	"$hole" "$1" "$2" "${4-image}" >out 2>err
	rc=$?
	[ $rc != 77 ] || return 77
	[ $rc = "$3" ] || fail "hole $1 $2: exit $rc, wanted $3: $(cat err)"
}

# denied TIMES NAME...: each of these attempts was denied TIMES times
denied() {
	local name times=$1
	shift
	for name in "$@"; do
		[ "$(grep -cx "$name denied" out)" = "$times" ] || fail "$name: $(grep "^$name " out)"
	done
}

# Only attempts that succeed without the sandbox prove something in it.
attempts off look 0
mapfile -t able < <(sed -n 's/ done$//p' out)
for name in open create openat2 rename unlink write pwrite socket-unix fork kill execve; do
	[[ " ${able[*]} " = *" $name "* ]] || fail "$name cannot be done here without the sandbox"
done
echo "can be done here without the sandbox: ${able[*]}"
missing=

if attempts landlock look 0; then
	denied 1 open open-for-writing create openat2 rename unlink mkdir execve
	has_line '^checked$' out || fail 'no check'
elif [ "$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')" -ge 1 ]; then
	fail "the kernel has Landlock: $(cat err)"
else
	missing='no Landlock'
fi
if attempts calls look 0; then
	denied 2 "${able[@]}"
	has_line '^checked$' out || fail 'no check'
elif grep -q '^#define HAVE_LIBSECCOMP 1' "$builddir/config.h" && grep -q '^Seccomp_filters:' /proc/self/status; then
	fail "the kernel has filters of system calls: $(cat err)"
else
	missing="$missing, no filters of system calls"
fi
[ -z "$missing" ] || skip "tested what the kernel has: ${missing#, }"
for what in look edit; do
	attempts all $what 0
	denied 2 "${able[@]}"
done
has_line '^edited$' out || fail 'no edit'
sound image

# qemu-nbd is started for the process, which cannot start it
grep -q '^#define HAVE_LIBNBD 1' "$builddir/config.h" || exit 0
if type -P qemu-img >/dev/null && type -P qemu-nbd >/dev/null; then
	qemu-img convert -f raw -O qcow2 image image.qcow2 || fail qemu-img
	attempts off edit 0 image.qcow2
	mapfile -t able < <(sed -n 's/ done$//p' out)
	for what in look edit; do
		attempts all $what 0 image.qcow2
		denied 2 "${able[@]}"
	done
	has_line '^edited$' out || fail 'no edit of a qcow2 image'
	qemu-img check image.qcow2 >qemu-img.out || fail "$(cat qemu-img.out)"
	qemu-img convert -f qcow2 -O raw image.qcow2 inside || fail qemu-img
	sound inside
fi

# the connection to a server is for its requests alone
type -P nbdkit >/dev/null || exit 0
. "$srcdir/tests/nbd/servers.sh"
nbdkit_serves file image
for what in look edit; do
	attempts all $what 0 "$uri"
	denied 2 "${able[@]}"
done
has_line '^edited$' out || fail 'no edit over NBD'
end_server
sound image
