#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Free blocks of a file system that lies somewhere in an image, in a partition, or has its journal elsewhere: nothing outside
# of it changes.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
requires sfdisk

# around IMAGE OFFSET LENGTH: a sum of what is not [offset, offset + length)
around() {
	{ head -c "$2" "$1"; tail -c "+$(($2 + $3 + 1))" "$1"; } | cksum
}

canary_image fs '24M -b 1024'
size=$(stat -c %s fs) offset=$((3 * 1048576))
yes OUTSIDE | head -c $((size + 2 * offset)) >disk
dd if=fs of=disk bs=1M seek=3 conv=notrunc status=none
before=$(around disk $offset "$size")
run_e4zero 4 --json --check --all "disk?offset=$offset"
same 'the size at an offset' "$(jq 'select(.type == "ledger").size' out)" "$size"
run_e4zero 0 --json --fix --only free "disk?offset=$offset"
same 'what is around it' "$(around disk $offset "$size")" "$before"
dd if=disk of=got bs=1M skip=3 count=24 status=none
same 'free bytes at an offset' "$(free_bytes got)" 0
holds got /ten tree/ten
run_e4zero 0 --json --check --only free "disk?offset=$offset"

# in a partition, holes asked for
yes OUTSIDE | head -c $((size + 2 * offset)) >disk
printf 'label: gpt\nstart=6144, size=%s\n' $((size / 512)) | sfdisk -q disk >/dev/null 2>&1 || fail sfdisk
dd if=fs of=disk bs=1M seek=3 conv=notrunc status=none
before=$(around disk $offset "$size")
run_e4zero 0 --json --fix --only free --holes always --partition 1 disk
same 'what is around the partition' "$(around disk $offset "$size")" "$before"
dd if=disk of=got bs=1M skip=3 count=24 status=none
same 'free bytes in a partition' "$(free_bytes got)" 0
[ $(($(stat -c %b disk) * 512)) -lt $((size / 2 + 2 * offset)) ] || fail 'no hole was made in it'

# with the journal elsewhere
rm -f log image
uuid=11111111-2222-3333-4444-555555555555
mke2fs -q -F -O journal_dev -b 1024 -U $uuid log 4M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
canary_image image '24M -b 1024 -O ^has_journal'
for set in 'feature has_journal' "ssv journal_uuid $uuid" 'ssv journal_inum 0' 'ssv journal_dev 0x700'; do
	debugfs -w -R "$set" image >debugfs.log 2>&1
done
fs_uuid=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')
python3 - "$fs_uuid" <<-'END'
	import struct, sys, uuid
	f = open("log", "r+b")
	f.seek(2048 + 0x40); f.write(struct.pack(">I", 1))
	f.seek(2048 + 0x100); f.write(uuid.UUID(sys.argv[1]).bytes)
END
remember_image log
run_e4zero 0 --json --fix --only free --journal-device log image
same 'free bytes' "$(free_bytes image)" 0
run_e4zero 0 --json --check --only free --journal-device log image
image_unchanged log
