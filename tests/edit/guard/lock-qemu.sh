#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# qemu itself: an image that it writes is neither checked nor edited; one that it reads is not edited; and qemu keeps
# away from an image that is being edited.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires qemu-io
requires qemu-img
make_ext image 8M

# qemu-io takes orders from its standard input and holds the image until it ends
hold_by_qemu() {
	local line
	rm -f told said
	mkfifo told said
	qemu-io -f raw "$@" image <told >said 2>&1 &
	holder=$!
	exec 7>told 8<said
	echo 'read 0 512' >&7
	while read -r line <&8; do
		case $line in *'read 512/512'*) return ;; esac
	done
	fail "qemu-io does not open the image"
}

end_qemu() {
	exec 7>&-
	cat <&8 >/dev/null
	exec 8<&-
	wait $holder
}

hold_by_qemu
refuses 'has locked the image' image
refused 'process [0-9]+ \(qemu-io\) has locked the image' image
end_qemu

hold_by_qemu -r
opens image
refused 'has locked the image' image
end_qemu

holding "$scribble" image hold
! qemu-io -f raw -c 'write 0 512' image >qemu.out 2>&1 || fail 'qemu-io writes beside an edit'
grep -q 'lock' qemu.out || fail "qemu-io fails for another reason: $(cat qemu.out)"
! qemu-io -r -f raw -c 'read 0 512' image >qemu.out 2>&1 || fail 'qemu-io reads beside an edit'
qemu-img info -f raw image >qemu.out 2>&1 || fail "qemu-img info: $(cat qemu.out)"
release
qemu-io -f raw -c 'write 0 512' image >qemu.out 2>&1 || fail "qemu-io afterwards: $(cat qemu.out)"
