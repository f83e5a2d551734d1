#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The file system of the host is full in the middle of an edit or a replay: exit 8 if the disk is unchanged, otherwise 12.
# Once there is space, --replay brings the image to the old or the new state, and its tables are not corrupt.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
export SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000

# the child that writes cannot grow its file beyond FULL KiB, which QEMU treats like a full disk
REAL_QEMU_NBD=$(type -P qemu-nbd)
export REAL_QEMU_NBD
mkdir bin
cat >bin/qemu-nbd <<-'END'
	#!/bin/bash
	trap '' XFSZ
	[[ " $* " == *' --read-only '* ]] || ulimit -f "$FULL"
	exec "$REAL_QEMU_NBD" "$@"
END
chmod +x bin/qemu-nbd

edit_image made.img
text many 1500000 'many clusters '
text some 1228800 'of the log '
# a journal with 300 blocks for which the image has no clusters yet
run_e4zero 0 --truncate 1500000 made.img /empty
run_e4zero 0 --allocate -o 0 -l 1500000 made.img /empty
run_e4zero 0 --convert written made.img /empty
read -r -a blocks < <(debugfs -R 'blocks /empty' made.img 2>/dev/null)
cp made.img logged.img
list=$(IFS=,; echo "${blocks[*]:0:300}")
printf '%s\n' jo "jw -b $list some" jc | debugfs_script logged.img
cp logged.img replayed.img
run_e4zero 0 --replay replayed.img
[ "$(cksum <replayed.img)" != "$(cksum <logged.img)" ] || fail 'there was nothing to replay'

# fills DISK ARGUMENTS...: run e4zero ARGUMENTS, where IMAGE is an image of DISK, with less space than it needs
fills() {
	local old=$1 i rc base top
	shift
	rm -f kept.img
	into "$format" "$old" kept.img
	cp kept.img image.img
	run_e4zero 0 "${@//IMAGE/image.img}"
	base=$(stat -c %s kept.img) top=$(stat -c %s image.img)
	[ "$top" -gt $((base + 500000)) ] || fail "$format: the file does not grow"
	for ((i = 0; i < steps; i++)); do
		cp kept.img image.img
		FULL=$(((base + (top - base) * i / steps) / 1024)) PATH=$PWD/bin:$PATH "$E4ZERO" "${@//IMAGE/image.img}" >out 2>err
		rc=$?
		drop_loop_note
		[ $rc = 8 ] || [ $rc = 12 ] || fail "$format, step $i: exit $rc: $(cat err)"
		[ "$(wc -l <err)" = 1 ] || fail "$format, step $i: $(cat err)"
		seen+=" $rc"
		out_of "$format" image.img disk.img
		[ $rc = 12 ] || cmp "$old" disk.img || fail "$format, step $i: exit 8, and the disk is another one"
		run_e4zero 0 --replay image.img
		# 3: clusters are leaked
		qemu-img check image.img >qemu-img.out 2>&1
		case $? in 0 | 3 | 63) ;; *) fail "$format, step $i: $(cat qemu-img.out)" ;; esac
		out_of "$format" image.img disk.img
		if [ "$old" = logged.img ]; then
			cmp replayed.img disk.img || fail "$format, step $i: the log was not replayed"
			continue
		fi
		e2fsck -fn disk.img >e2fsck.out 2>&1 || fail "$format, step $i: $(cat e2fsck.out)"
		debugfs -R 'dump /file got' disk.img 2>/dev/null
		cmp -s got ten || cmp -s got many || fail "$format, step $i: /file is neither the old nor the new one"
	done
}

seen=
steps=3
[ -z "${BROAD-}" ] || steps=5
broad formats 2 qcow2 small-clusters vmdk qed vdi
for format in "${formats[@]}"; do
	fills made.img --write -o 0 --from many IMAGE /file
	fills logged.img --replay IMAGE
done
[[ $seen == *12* && $seen == *8* ]] || fail "only these statuses were seen: $seen"
no_child
