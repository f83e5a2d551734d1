#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Images that somebody made to do harm, and files that were cut off: one sentence, exit 8, not a byte changed, no other
# file opened, no child left. What can be read reads as in the raw image that qemu-img makes of it.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
requires strace

edit_image raw.img
hostile=(python3 "$srcdir/tests/source/hostile.py")

# refused ARGUMENTS...: with image.img as it is, in one line, which may be in QEMU's words
refused() {
	remember_image image.img
	run_e4zero 8 "$@"
	image_unchanged image.img
	[ "$(grep -c '^e4zero: ' err)" = 1 ] && [ "$(wc -l <err)" = 1 ] || fail "$*: $(cat err)"
}

# a file that was cut off: QEMU reads zeros past its end, which would look clean. Compressed data end before the file does.
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

# tables
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

# reference counts: what is in use is taken for free, so an edit that allocates would destroy the disk
head -c 3000000 /dev/zero | tr '\0' x >many
qemu-img snapshot -c before good.img
for kind in counts-0 counts-1; do
	"${hostile[@]}" qcow2 $kind good.img image.img
	untouched 8 '"qemu-img check" finds' image.img --write -o 0 --from many image.img /file
	untouched 8 '"qemu-img check" finds' image.img --fix image.img
	run_e4zero 0 image.img
done

# clusters that cannot be decompressed: it is said who could not
rm -f good.img
into compressed raw.img good.img
cp good.img image.img
size=$(stat -c %s image.img)
[ "$size" -gt 328000 ] || fail "the compressed image has $size bytes only"
dd if=/dev/zero bs=512 count=$((size / 512 - 640)) status=none | tr '\0' '\377' |
	dd of=image.img bs=512 seek=640 conv=notrunc status=none
refused --check image.img
has_line 'qemu-nbd says: .*Input/output error' err || fail "$(cat err)"

# a parent in the middle of a line, and an extent after a tab
printf '%s\n' '# Disk DescriptorFile' 'CID=1' 'x parentFileNameHint="/etc/shadow"' >image.img
untouched 8 'the parent "/etc/shadow"' image.img image.img
printf '# Disk DescriptorFile\nCID=1\nRW\t64 FLAT\t"/etc/shadow" 0\n' >image.img
untouched 8 'the extent "/etc/shadow"' image.img image.img

# bytes of the headers and tables are others
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
			# what QEMU reads is what was read
			qemu-img convert -f $format -O raw image.img disk.img 2>/dev/null || [ $rc = 4 ] || fail "$format $seed: is not clean"
			[ $rc = 4 ] || "$E4ZERO" -q disk.img || fail "$format $seed: the disk is not clean"
			;;
		*) fail "$format $seed: exit $rc: $(cat err)" ;;
		esac
	done
done
no_child
