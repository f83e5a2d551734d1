#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without --backing, neither e4zero nor qemu-nbd opens another file that a header names; the message names that file. With
# --backing it is read and a note names it. An edit does not change a backing file; extents and data files are edited.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
requires strace

edit_image raw.img
cp raw.img secret.raw
into qcow2 raw.img base.img

# refuses_file PATTERN IMAGE [FORMAT]: exit 8 with a message like PATTERN; neither secret.raw nor base.img is opened
refuses_file() {
	local pattern=$1 image=$2 verb
	remember_image "$image"
	for verb in --check --fix '--check --image-format '"${3-qcow2}"; do
		# shellcheck disable=SC2086 # words
		strace -f -qq -o calls -e trace=open,openat,openat2,execve -- "$E4ZERO" $verb "$image" >out 2>err
		[ $? = 8 ] || fail "$image: $verb: $(cat err)"
		has_line "$pattern" err || fail "$image: $verb: no \"$pattern\": $(cat err)"
		! grep -E 'secret\.raw|base\.img' calls || fail "$image: $verb opened another file"
		[ "$(wc -l <err)" = 1 ] || fail "$image: $(cat err)"
	done
	image_unchanged "$image"
}
offers='--backing allows'

qemu-img create -q -f qcow2 -b "$PWD/secret.raw" -F raw image.img
refuses_file "refers to another file, the backing file \"$PWD/secret.raw\"; $offers" image.img
qemu-img create -q -f qcow2 -o compat=0.10 -b secret.raw -F raw image.img
refuses_file "the backing file \"secret.raw\"; $offers" image.img
qemu-img create -q -f qed -b secret.raw -F raw image.img
refuses_file "the backing file \"secret.raw\"; $offers" image.img qed
rm -f image.img
qemu-img create -q -f qcow2 -o data_file=secret.raw,data_file_raw=on image.img 16M 2>/dev/null
cp raw.img secret.raw
refuses_file "the data file \"secret.raw\"; $offers" image.img
# the header extension with the name is gone
python3 - <<-'END'
	raw = bytearray(open('image.img', 'rb').read())
	at = raw.index(b'DATA')
	raw[at:at + 4] = b'atad'
	open('image.img', 'wb').write(raw)
END
refuses_file "the data file \"\\(no name\\)\"; $offers" image.img

# VMDK: a descriptor file; a descriptor in an extent without a capacity; one far from the start; a parent
printf '%s\n' '# Disk DescriptorFile' version=1 CID=fffffffe parentCID=ffffffff 'createType="monolithicFlat"' \
	'RW 32768 FLAT "secret.raw" 0' >image.img
refuses_file "the extent \"secret.raw\"; $offers" image.img vmdk
python3 - <<-'END'
	import struct
	text = open('image.img', 'rb').read()
	def sparse(capacity, at, text_at, text, size):
	    raw = bytearray(size)
	    raw[:79] = struct.pack('<4sIIQQQQIQQQB4sH', b'KDMV', 1, 3, capacity, 128, at, 20, 512, 21, 26, 128, 0, b'\n \r\n', 0)
	    raw[text_at:text_at + len(text)] = text
	    return raw
	open('empty.img', 'wb').write(sparse(0, 1, 512, text, 1 << 16))
	open('far.img', 'wb').write(sparse(0, 64, 64 * 512, text, 1 << 16))
	parent = b'# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=2\nparentFileNameHint="secret.raw"\n'
	open('parent.img', 'wb').write(sparse(32768, 64, 512, parent, 1 << 17))
END
refuses_file "the extent \"secret.raw\"; $offers" empty.img vmdk
refuses_file "the extent \"secret.raw\"; $offers" far.img vmdk
refuses_file "the parent \"secret.raw\"; $offers" parent.img vmdk

# differencing images, which QEMU does not support
rm -f image.img
into vhd raw.img image.img
printf '\0\0\0\4' | dd of=image.img bs=1 seek=60 conv=notrunc status=none
printf '\0b\0a\0s\0e\0.\0i\0m\0g' | dd of=image.img bs=1 seek=$((512 + 64)) conv=notrunc status=none
refuses_file 'differencing images are not supported by QEMU: the image refers to the parent "base.img"' image.img vhd
run_e4zero 8 --backing image.img
rm -f image.img
into vdi raw.img image.img
printf '\4' | dd of=image.img bs=1 seek=76 conv=notrunc status=none
refuses_file 'VDI image is a differencing image' image.img vdi
rm -f image.img
into vhdx raw.img image.img
python3 - <<-'END'
	raw = bytearray(open('image.img', 'rb').read())
	meta = raw.index(b'metadata', 256 << 10)
	guid = bytes.fromhex('3767a1ca36fa434db3b633f0aa44e76b')
	entry = raw.index(guid, meta)
	at = meta + int.from_bytes(raw[entry + 16:entry + 20], 'little') + 4
	raw[at] |= 2
	open('image.img', 'wb').write(raw)
END
refuses_file 'differencing images are not supported by QEMU: the image refers to a parent' image.img vhdx

# with --backing: the overlay changes, the base does not
sum=$(cksum base.img)
rm -f image.img
qemu-img create -q -f qcow2 -b base.img -F qcow2 image.img
run_e4zero 0 --check --backing image.img
has_line '^e4zero: image.img: note: the backing file "base.img" is opened, too' err || fail "no note: $(cat err)"
run_e4zero 0 --backing --truncate 77 image.img /file
run_e4zero 0 --truncate 77 raw.img /file
qemu-img convert -f qcow2 -O raw image.img disk.img
"$E4ZERO" --check -q disk.img || fail 'not clean'
head -c 77 ten >wanted
holds disk.img /file wanted
consistent image.img
[ "$sum" = "$(cksum base.img)" ] || fail 'the base was changed'
# the name of the base is relative to the directory of the image
mkdir -p there
(cd there && run_e4zero 0 --check --backing ../image.img)
# also if the name of the image, or of its directory, begins like a protocol of QEMU
mkdir -p nbd:there
cp image.img nbd:there/image.img
cp image.img nbd:image.img
ln -s ../base.img nbd:there/base.img
for name in nbd:there/image.img nbd:image.img; do
	run_e4zero 0 --check --backing "$name"
	run_e4zero 0 --backing --truncate 76 "$name" /file
done
# QEMU cannot be given a name that is not UTF-8.
cp image.img $'\xff.img'
run_e4zero 8 --check $'\xff.img'
has_line 'refers to another file' err || fail "$(cat err)"
run_e4zero 8 --check --backing $'\xff.img'
has_line 'the name of the image is not UTF-8: ' err || fail "$(cat err)"
# a missing base is reported
mv base.img gone.img
untouched 8 'qemu-nbd says: .*base.img' image.img --backing image.img
mv gone.img base.img
# so is what a long chain ends with, and a chain without an end, which QEMU follows as long as it can open files
for ((i = 1; i <= 30; i++)); do qemu-img create -q -f qcow2 -u -F qcow2 -b link-$((i - 1)).img link-$i.img 64M; done
untouched 8 'says: Could not open backing file: Could not open .\./link-0.img.: No such file' link-30.img --backing link-30.img
qemu-img create -q -f qcow2 -u -F qcow2 -b link-30.img link-0.img 64M
files=$(ulimit -Sn)
ulimit -Sn "$(ulimit -Hn)"
SECONDS=0
untouched 8 'the chain of backing files is too long, or a loop' link-30.img --backing link-30.img
[ $SECONDS -lt 30 ] || fail "a loop takes $SECONDS seconds"
ulimit -Sn "$files"

# the extent of a VMDK descriptor is edited
printf '%s\n' '# Disk DescriptorFile' version=1 CID=fffffffe parentCID=ffffffff 'createType="monolithicFlat"' \
	'RW 32768 FLAT "secret.raw" 0' 'ddb.adapterType = "ide"' 'ddb.geometry.cylinders = "32"' 'ddb.geometry.heads = "16"' \
	'ddb.geometry.sectors = "63"' >image.img
cp disk.img secret.raw
run_e4zero 0 --backing --truncate 5 image.img /small
head -c 5 small >wanted
holds secret.raw /small wanted

# an edit of an image of several files has the effect that it has on the raw image
export SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000
cp raw.img edited.img
run_e4zero 0 --zero-range -o 10 -l 9000 edited.img /file
several=(
	'vmdk -o subformat=twoGbMaxExtentSparse' 'vmdk -o subformat=monolithicFlat' 'qcow2 -o data_file=several-data'
	'qcow2 -o data_file=several-data,data_file_raw=on' 'vmdk -o subformat=twoGbMaxExtentFlat'
)
broad kinds 2 "${several[@]}"
for kind in "${kinds[@]}"; do
	rm -f several*
	# shellcheck disable=SC2086 # words
	qemu-img convert -f raw -O $kind raw.img several >qemu-img.out 2>&1 || fail "$kind: $(cat qemu-img.out)"
	untouched 8 "refers to another file, .*$offers" several --check several
	run_e4zero 0 --check --backing several
	run_e4zero 0 --backing --zero-range -o 10 -l 9000 several /file
	qemu-img convert -f "${kind%% *}" -O raw several disk.img
	cmp edited.img disk.img || fail "$kind: another disk"
done
no_child
# a program that no PATH leads to
(unset PATH && "$E4ZERO" --check -q --backing several) || fail 'without PATH'
