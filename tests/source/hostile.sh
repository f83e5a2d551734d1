#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile and truncated images: one sentence, exit 8, no byte changed, no other file opened, no child left. An image that can
# be read has the findings of the raw image that qemu-img makes of it.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
requires strace

edit_image raw.img
hostile=(python3 "$srcdir/tests/source/hostile.py")

# refused ARGUMENTS...: exit 8, one line of message, possibly QEMU's, and image.img unchanged
refused() {
	remember_image image.img
	run_e4zero 8 "$@"
	image_unchanged image.img
	[ "$(grep -c '^e4zero: ' err)" = 1 ] && [ "$(wc -l <err)" = 1 ] || fail "$*: $(cat err)"
}

# Truncated files: QEMU reads zeros past the end, which would look clean. Compressed data ends before the end of the file, so
# the loss of one byte does no harm there.
for format in "${all_formats[@]}"; do
	rm -f good.img
	into "$format" raw.img good.img
	size=$(stat -c %s good.img)
	run_e4zero 0 good.img
	for cut in 1 70000 $((size / 2)); do
		[[ $cut != 1 || ($format != compressed && $format != stream) ]] || continue
		cp good.img image.img
		truncate -s $((size - cut)) image.img
		untouched 8 'cut off|truncated|too (small|short)|corrupt' image.img image.img
	done
done

# corrupt headers and tables
rm -f good.img
into qcow2 raw.img good.img
for kind in $("${hostile[@]}" kinds); do
	case $kind in corrupt-bit) continue ;; esac
	"${hostile[@]}" qcow2 "$kind" good.img image.img
	refused --check image.img
	refused --fix --all image.img
	[[ $kind == backing-* || $kind == data-file ]] || continue
	strace -f -qq -o calls -e trace=open,openat,openat2,connect "$E4ZERO" image.img >out 2>err
	! grep -E '"/etc/shadow"|AF_INET' calls || fail "$kind: another file or a server was asked"
done
"${hostile[@]}" qcow2 corrupt-bit good.img image.img
untouched 8 'marked as corrupt' image.img --fix image.img
run_e4zero 0 image.img

# Reference counts that are too low: an edit that allocates clusters would overwrite clusters in use.
head -c 3000000 /dev/zero | tr '\0' x >many
qemu-img snapshot -c before good.img
for kind in counts-0 counts-1; do
	"${hostile[@]}" qcow2 $kind good.img image.img
	untouched 8 '"qemu-img check" finds' image.img --write -o 0 --from many image.img /file
	untouched 8 '"qemu-img check" finds' image.img --fix image.img
	run_e4zero 0 image.img
done

# clusters that cannot be decompressed: the message names qemu-nbd
rm -f good.img
into compressed raw.img good.img
cp good.img image.img
size=$(stat -c %s image.img)
[ "$size" -gt 328000 ] || fail "the compressed image has $size bytes only"
dd if=/dev/zero bs=512 count=$((size / 512 - 640)) status=none | tr '\0' '\377' |
	dd of=image.img bs=512 seek=640 conv=notrunc status=none
refused --check image.img
has_line 'qemu-nbd says: .*Input/output error' err || fail "$(cat err)"

# a VMDK descriptor with a parent in the middle of a line, and one with an extent after a tab
printf '%s\n' '# Disk DescriptorFile' 'CID=1' 'x parentFileNameHint="/etc/shadow"' >image.img
untouched 8 'the parent "/etc/shadow"' image.img image.img
printf '# Disk DescriptorFile\nCID=1\nRW\t64 FLAT\t"/etc/shadow" 0\n' >image.img
untouched 8 'the extent "/etc/shadow"' image.img image.img

# random bytes of headers and tables are changed
for format in qcow2 vmdk vhdx; do
	rm -f good.img
	into $format raw.img good.img
	for ((seed = 0; seed < ${FLIPS:-8}; seed++)); do
		"${hostile[@]}" flip $seed $((seed % 4 + 1)) good.img image.img
		remember_image image.img
		timeout 100 "$E4ZERO" image.img >out 2>err
		rc=$?
		image_unchanged image.img
		case $rc in
		8) [ "$(grep -c '^e4zero: ' err)" = 1 ] || fail "$format $seed: $(cat err)" ;;
		0 | 4)
			# clean: the disk that QEMU reads is clean, too
			qemu-img convert -f $format -O raw image.img disk.img 2>/dev/null || [ $rc = 4 ] || fail "$format $seed: is not clean"
			[ $rc = 4 ] || "$E4ZERO" -q disk.img || fail "$format $seed: the disk is not clean"
			;;
		*) fail "$format $seed: exit $rc: $(cat err)" ;;
		esac
	done
done
no_child
