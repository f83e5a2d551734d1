#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several ext file systems: none is taken, and each line of the list is a command that works.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires sfdisk
truncate -s 80M 'two disks.img'
sfdisk -q --no-tell-kernel 'two disks.img' <<-END >/dev/null || fail sfdisk
	label: gpt
	start=4MiB, size=16MiB, name=A, uuid=11111111-2222-3333-4444-555555555555
	start=24MiB, size=8MiB
	start=40MiB, size=32MiB, name=B
END
put_ext 'two disks.img' 4 16 -L root
put_ext 'two disks.img' 40 32 -L data -U 12345678-1234-1234-1234-123456789abc

refuses '^e4zero: two disks.img: more than one ext file system is there; say which$' 'two disks.img'
grep -E -o "e4zero --partition [0-9]+ '[^']*'.*" err >lines
[ "$(wc -l <lines)" = 2 ] || fail "not two lines: $(cat err)"
grep -q 'label "root"' lines || fail "the label is missing: $(cat lines)"
e4zero() {
	"$E4ZERO" "$@" >out 2>err
}
while read -r line; do
	eval "$line" || fail "$line: exit $?: $(cat err)"
done <lines

opens_at $((4 << 20)) --partition 1 'two disks.img'
for name in 3 B PARTLABEL=B data LABEL=data UUID=12345678-1234-1234-1234-123456789ABC \
	12345678-1234-1234-1234-123456789abc; do
	opens_at $((40 << 20)) --partition $name 'two disks.img'
done
opens_at $((4 << 20)) --partition PARTUUID=11111111-2222-3333-4444-555555555555 'two disks.img'
refuses 'no partition is called "LABEL=B"' --partition LABEL=B 'two disks.img'

# names repeat on A/B images
sfdisk -q --no-tell-kernel --part-label 'two disks.img' 1 B || fail sfdisk
refuses 'several partitions' --partition PARTLABEL=B 'two disks.img'
