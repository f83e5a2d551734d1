#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What --convert leaves alone: refused when it is named, skipped with its reason when all are converted; swap files and
# immutable ones get holes only when they are named.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/convert/common.sh"

# skipped: "PATH WHY" of what the report in out skips
skipped() {
	records skipped path left why
}

dirty_image image 32 4096 -O encrypt,verity
head -c 40960 ten >swap
printf SWAPSPACE2 | dd of=swap bs=1 seek=4086 conv=notrunc status=none
debugfs_script image <<-END2
	write swap swap
	fallocate swap 10 12
	sif swap size 53248
	write ten fixed
	fallocate fixed 10 12
	sif fixed size 53248
	sif fixed flags 0x80010
	sif plain flags 0x80800
	sif zeroes flags 0x180000
	mkdir dir
END2
for to in written unwritten hole; do
	untouched 8 'is encrypted' image --convert $to image /plain
	untouched 8 'verity' image --convert $to image /zeroes
	untouched 8 'directory' image --convert $to image "<$(ino_of image /dir)>"
	untouched 8 'belongs to the file system' image --convert $to image '<8>'
	untouched 8 'No such file' image --convert $to image /file /missing
	untouched 8 'is encrypted' image --convert $to image /file /plain
done
zeroes=$(physical image /zeroes 0)
dd if=image bs=4096 skip="$zeroes" count=8 status=none >before
run_e4zero 0 --json --convert hole image
same 'skipped' "$(skipped | cut -d: -f1)" '/plain false encrypted
/zeroes false a verity file
/swap false a swap file
/fixed false immutable'
same 'skipped' "$(field skipped summary) $(field left summary) $(field files summary)" '4 0 7'
same 'swap' "$(states image /swap)" '0+10:written 10+3:unwritten'
same 'fixed' "$(states image /fixed)" '0+10:written 10+3:unwritten'
same 'zeroes' "$(states image /zeroes)" '0+8:written'
dd if=image bs=4096 skip="$zeroes" count=8 status=none | cmp - before || fail 'the verity file was written'
again 0 --convert hole image
# in the text they are a matter of -v
! grep -q swap out || fail "$(cat out)"
run_e4zero 0 -v --convert hole image
grep -q 'skipped .*/swap' out || fail "$(cat out)"

# their blocks may become written, and named they may have holes
run_e4zero 0 --convert written image
same 'swap' "$(states image /swap)" '0+13:written'
same 'fixed' "$(states image /fixed)" '0+13:written'
run_e4zero 0 --convert hole image /swap /fixed
same 'swap' "$(states image /swap)" '0+10:written 10+3:hole'
same 'fixed' "$(states image /fixed)" '0+10:written 10+3:hole'

# the search for swap files reads leaves that lie near each other in one go, and frees what it took for that (sanitizers)
debugfs_script image <<<'write empty deep'
{
	echo 'allocate /deep 0 4M'
	for ((i = 1; i < 1024; i += 2)); do echo "punch-hole /deep $((i * 4))k 4k"; done
} >script
run_e4zero 0 -q --script script image
run_e4zero 0 -n --convert hole image
