#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An LVM physical volume is no file system, but a volume of it that lies in one piece can be opened at its offset: the
# message has the command. No privileges and no lvm2 are needed; where they are there, they agree.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires python3

volume() { python3 "$srcdir/tests/open/disk/lvm.py" "$@"; }

# at MiB: what lies at an extent
first=$((1 << 20))
put_volumes() {
	for at in 3 11 30 50 60 70; do
		put_ext "$1" $(($2 + at)) $((at == 11 ? 9 : 8)) -L "at-$at"
	done
}

lines() { sed -n 's/^e4zero //p' err; }
for wrap in 0 1; do
	rm -f pv.img
	truncate -s 100M pv.img
	volume pv.img 0 $wrap
	put_volumes pv.img 1
	remember_image pv.img
	refuses 'this is an LVM physical volume; .*vgchange.*; or select a linear volume of it:$' pv.img
	image_unchanged pv.img
	printf '%s\n' "'pv.img?offset=$((first * 4))'   # 8.0 MiB ext4 label \"at-3\" name \"vg-0/one\"" \
		"'pv.img?offset=$((first * 12))'   # 9.0 MiB ext4 label \"at-11\" name \"vg-0/two\"" >wanted
	lines | diff wanted - || fail 'those are not the volumes that lie in one piece'
done
opens_at $((first * 4)) "pv.img?offset=$((first * 4))"

# in a partition, however the image was named
if command -v sfdisk >/dev/null; then
	truncate -s 140M disk.img
	sfdisk -q --no-tell-kernel disk.img <<-END >/dev/null || fail sfdisk
		label: gpt
		start=2MiB, size=16MiB, type=swap
		start=20MiB, size=110MiB, type=lvm
	END
	volume disk.img $((20 << 20)) 0
	put_volumes disk.img 21
	for how in disk.img '--partition 2 disk.img' '--partition=2 disk.img' "disk.img?offset=20M"; do
		# shellcheck disable=SC2086 # words
		refuses 'LVM' --fix $how
		[ "$(lines | head -1 | sed 's/ *#.*//')" = "--fix 'disk.img?offset=$((first * 24))'" ] || fail "$how: $(cat err)"
	done
	# and in an image of another format
	if command -v qemu-img >/dev/null && command -v qemu-nbd >/dev/null; then
		lines >wanted
		qemu-img convert -f raw -O qcow2 disk.img disk.qcow2 || fail qemu-img
		refuses 'LVM' --fix 'disk.qcow2?offset=20M'
		lines | sed 's/disk\.qcow2/disk.img/' | diff wanted - || fail 'those of the raw disk are others'
		run_e4zero 0 "disk.qcow2?offset=$((first * 24))"
	fi
fi

# text that is cut or mutilated: the same refusal, nothing worse
cp --sparse=always pv.img bad.img
coproc POKE { # lines "OFFSET BYTE": the last byte is put back, this one is changed
	python3 -u -c 'if True:
		import sys
		last = None
		with open("bad.img", "r+b", buffering=0) as f:
		    for line in sys.stdin:
		        if last:
		            f.seek(last[0])
		            f.write(last[1])
		        at, byte = map(int, line.split())
		        f.seek(at)
		        last = at, f.read(1)
		        f.seek(at)
		        f.write(bytes([byte]))
		        print("done")
	'
}
for ((i = 0; i < 60; i++)); do
	at=$((4096 + (i % 2 ? 40 + i % 24 : 1044480 - 700 + i * 11)))
	echo "$at $((RANDOM % 255 + 1))" >&"${POKE[1]}"
	read -r -t 60 _ <&"${POKE[0]}" || fail 'no byte was changed'
	refuses 'LVM' bad.img
done

# the real thing
[ "$(id -u)" = 0 ] && command -v pvcreate >/dev/null || exit 0
requires_loop
truncate -s 96M real.img
attach_loop dev real.img
lvm=(--driverloaded n --devices "$dev")
{ timeout 20 pvcreate "${lvm[@]}" -ff -y "$dev" && timeout 20 vgcreate "${lvm[@]}" e4zero-test-$$ "$dev" &&
	timeout 20 lvcreate "${lvm[@]}" -an -Zn -Wn -n skip -l 2 e4zero-test-$$ && timeout 20 lvcreate "${lvm[@]}" -an -Zn -Wn -n it -l 8 e4zero-test-$$; } \
	>lvm.out 2>&1 3>&- || skip "no volume group can be made here: $(tail -1 lvm.out)"
pe=$(timeout 20 pvs "${lvm[@]}" --noheadings -o pe_start --units b --nosuffix "$dev" 2>/dev/null | tr -d ' ')
detach_loop "$dev"
mke2fs -q -F -t ext4 -E offset=$((pe + (8 << 20))) real.img 32M || fail mke2fs
refuses 'linear volume' real.img
[ "$(lines)" = "'real.img?offset=$((pe + (8 << 20)))'   # 32.0 MiB ext4 name \"e4zero-test-$$/it\"" ] || fail "$(cat err)"
