#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The passphrase of a LUKS or an encrypted qcow2 image is read from a file or descriptor; it is never part of a command line.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/source/common.sh"
requires strace

edit_image raw.img
printf 'correct horse' >key
printf 'correct horse\n' >key-line
printf 'correct horsf' >wrong
secret=(--object secret,id=key,file=key)
# few iterations: the strength of the key does not matter here
luks=iter-time=10
# make_encrypted FORMAT OPTIONS: QEMU gives up where the host is too busy to measure a hash
make_encrypted() {
	local try
	for try in {1..30}; do
		rm -f "$1.img"
		! qemu-img convert -f raw -O "$1" "${secret[@]}" -o "$2" raw.img "$1.img" >qemu-img.out 2>&1 || return 0
		grep -q 'accurate CPU usage' qemu-img.out || return
	done
	return 1
}
make_encrypted luks key-secret=key,$luks || skip "qemu-img makes no LUKS images here: $(cat qemu-img.out)"
make_encrypted qcow2 encrypt.format=luks,encrypt.key-secret=key,encrypt.$luks || fail "no encrypted qcow2: $(cat qemu-img.out)"

for image in luks.img qcow2.img; do
	untouched 8 'is encrypted, and requires a passphrase; --passphrase-file' $image $image
	untouched 8 'the passphrase does not open the image' $image --passphrase-file wrong $image
	: >empty-key
	untouched 8 'the passphrase is empty' $image --passphrase-file empty-key $image
	head -c 5000 /dev/zero | tr '\0' k >long
	untouched 8 'longer than 4096' $image --passphrase-file long $image
	untouched 8 'reading the passphrase: No such file' $image --passphrase-file missing $image
	untouched 8 'reading the passphrase: Is a directory' $image --passphrase-file . $image
	run_e4zero 16 --passphrase-fd 77 $image
	run_e4zero 0 --passphrase-file key $image
	run_e4zero 0 --passphrase-file key-line $image
	run_e4zero 0 --passphrase-fd 5 $image 5<key
	"$E4ZERO" --passphrase-fd 0 $image <key >out 2>err || fail "from standard input: $(cat err)"
	run_e4zero 0 --passphrase-file <(cat key) $image

	# an edit starts two children, but reads the passphrase once
	run_e4zero 0 --passphrase-fd 5 --truncate 6 $image /file 5<key
	"$E4ZERO" --json --map --passphrase-file key $image /file >out || fail 'map'
	has_line '"blocks":1,"state"' out || fail "$image: not edited: $(cat out)"

	# the passphrase is not in arguments, in an environment, or in a named file
	strace -f -qq -v -s 100000 -o calls -e trace=execve,open,openat,creat "$E4ZERO" --passphrase-file key $image >out 2>err ||
		fail "$(cat err)"
	has_line qemu-nbd calls || fail 'qemu-nbd was not seen'
	! grep -E 'execve.*correct horse' calls || fail 'the passphrase is seen by ps'
	! grep -E 'O_CREAT' calls | grep -vE 'memfd|/dev/null|O_TMPFILE|ENOENT' | grep correct || fail 'it is in a file'
done
# the edited disk has the new contents
run_e4zero 0 --truncate 6 raw.img /file
qemu-img convert --image-opts "${secret[@]}" driver=luks,key-secret=key,file.filename=luks.img -O raw got.img
head -c 6 ten >short
holds got.img /file short
# QEMU does not support LUKS2
printf 'LUKS\xba\xbe\0\2' | dd of=luks.img conv=notrunc status=none
untouched 8 'LUKS2? encrypted; open it with "cryptsetup open' luks.img luks.img
no_child
