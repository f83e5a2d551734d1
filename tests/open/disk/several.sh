#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several ext file systems: none is taken, and each line of the list is a command that works.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
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

refuses '^e4zero: two disks.img: several ext file systems found; select one:$' 'two disks.img'
grep -E -o "e4zero --partition [0-9]+ '[^']*'.*" err >lines
[ "$(wc -l <lines)" = 2 ] || fail "not two lines: $(cat err)"
grep -q 'label "root"' lines || fail "the label is missing: $(cat lines)"
e4zero() {
	"$E4ZERO" "$@" >out 2>err
}
while read -r line; do
	eval "$line" || fail "$line: exit $?: $(cat err)"
done <lines

# the lines are the command that was given, whatever it was
"$E4ZERO" --truncate 5 -n --partition=Z -- 'two disks.img' "/it's" >out 2>err && fail 'it chose'
sed -n 's/   # .*//; s/^e4zero //p' err >lines
for n in 1 3; do
	echo "--truncate 5 -n --partition $n -- 'two disks.img' '/it'\''s'"
done | cmp - lines || fail "not the command that was given: $(cat lines)"
mke2fs -q -F -t ext4 -z undo-of-another other.img 8M >/dev/null 2>&1
run_e4zero 8 --undo-apply undo-of-another 'two disks.img'
[ "$(grep -c "^e4zero --undo-apply undo-of-another --partition [13] 'two disks.img'" err)" = 2 ] || fail "$(cat err)"

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
