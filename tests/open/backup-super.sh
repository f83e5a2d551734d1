#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A damaged superblock is refused; where a copy is whole, the command that repairs it is named and does.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires e2fsck
repair() {
	remember_image fs.img
	refuses 'e2fsck -b [0-9]+ -B [0-9]+' "$1"
	image_unchanged fs.img
	command=$(grep -o 'e2fsck -b [0-9]* -B [0-9]*' err)
	$command -y "$1" >e2fsck.out 2>&1
	[ $? -le 1 ] || fail "$command: $(cat e2fsck.out)"
	opens "$1"
}
for bs in 1024 4096; do
	make_ext fs.img 300M -b $bs
	printf '\xff' | dd of=fs.img bs=1 seek=1100 conv=notrunc status=none
	repair fs.img
	make_ext fs.img 300M -b $bs
	dd if=/dev/zero of=fs.img bs=1024 seek=1 count=1 conv=notrunc status=none
	repair fs.img
done
# further back in the image: e2fsck gets its place as an option
put_ext disk.img 3 300
printf '\xff' | dd of=disk.img bs=1 seek=$(((3 << 20) + 1100)) conv=notrunc status=none
refuses "e2fsck -b [0-9]+ -B [0-9]+ 'IMAGE.offset=3145728'" "disk.img?offset=3M"
make_ext fs.img 1M
printf '\xff' | dd of=fs.img bs=1 seek=1100 conv=notrunc status=none
refuses 'checksum is wrong' fs.img
