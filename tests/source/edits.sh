#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An edit has the same effect on an image in QEMU's formats as on the raw image. The image stays consistent, internal
# snapshots keep their contents, and an edit that has nothing to do changes no byte of the file.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
export SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000

edit_image made.img
text four 4096 x
debugfs_script made.img <<-'END'
	write four tail
	sif tail size 100
	write four past
	sif past size 10
END
printf '%s\n' 'zero-range /file 100 5000' 'punch-hole /file 8192 1000' 'truncate /small 7' >script

# both STATUS ARGUMENTS...: run on raw.img and on image.img; disks and traces must be equal
both() {
	local image status=$1
	shift
	rm -f raw.trace image.trace
	for image in raw image; do
		run_e4zero "$status" --trace-io $image.trace "${@//IMAGE/$image.img}"
	done
	[ ! -e raw.trace ] || cmp raw.trace image.trace || fail "$format: $*: another trace"
	out_of "$format" image.img got.img
	cmp raw.img got.img || fail "$format: $*: another disk"
	consistent image.img
}

broad formats 5 "${edited_formats[@]}"
for format in "${formats[@]}"; do
	cp --sparse=always made.img raw.img
	rm -f image.img
	into "$format" raw.img image.img
	remember_image image.img
	run_e4zero 0 --script script --dry-run image.img
	run_e4zero 8 --truncate 1 image.img /missing
	run_e4zero 0 --replay image.img
	image_unchanged image.img

	both 0 --script script IMAGE
	both 0 --fix IMAGE
	remember_image image.img
	run_e4zero 0 --fix image.img
	image_unchanged image.img
	both 0 --truncate 2M IMAGE /file
	both 0 --convert written IMAGE
	both 0 --fix --all IMAGE
	sound raw.img

	# undo: the undo files of both are equal
	cp raw.img before.img
	rm -f undo.raw undo.image
	run_e4zero 0 --undo undo.raw --zero-range -o 10 -l 9000 raw.img /file
	run_e4zero 0 --undo undo.image --zero-range -o 10 -l 9000 image.img /file
	cmp undo.raw undo.image || fail "$format: another undo file"
	run_e4zero 0 --undo-apply undo.image image.img
	out_of "$format" image.img got.img
	cmp before.img got.img || fail "$format: it was not undone"
done

# an internal snapshot keeps its contents
cp --sparse=always made.img raw.img
rm -f image.img
into qcow2 raw.img image.img
qemu-img snapshot -c before image.img
run_e4zero 0 --fix --all image.img
run_e4zero 0 --truncate 3 image.img /file
consistent image.img
qemu-img convert -f qcow2 -O raw -l before image.img got.img || fail 'the snapshot is gone'
cmp made.img got.img || fail 'the snapshot has changed'

# images that cannot be written
rm -f image.img
into stream raw.img image.img
untouched 8 'stream-optimized VMDK' image.img --fix image.img
chmod a-w image.img
rm -f image.img
into qcow2 raw.img image.img
chmod a-w image.img
[ "$(id -u)" = 0 ] || untouched 8 'opening the image for writing: Permission denied' image.img --fix image.img
no_child

# a trace or an undo file never overwrites the image
chmod u+w image.img
remember_image image.img
ln image.img linked.img
run_e4zero 8 --trace-io linked.img --truncate 1 image.img /file
run_e4zero 8 --undo linked.img --truncate 1 image.img /file
image_unchanged image.img
