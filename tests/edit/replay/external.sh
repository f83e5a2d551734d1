#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An external journal is found next to the image, in another partition, or where --journal-device says; a check sees
# through it and writes nothing; wrong, doubled, missing and locked ones are refused by name.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/scribble.sh"

requires mke2fs
requires debugfs
requires python3
requires sfdisk
uuid=11111111-2222-3333-4444-555555555555

# mke2fs wants a device for -J device=, so the two are acquainted by hand: UUID and users
mkdir near far
make_ext near/fs.img 16M -b 4096 -O ^has_journal
mke2fs -q -F -O journal_dev -b 4096 -U $uuid near/journal.img 4096 >mke2fs.out 2>&1 || fail "$(cat mke2fs.out)"
echo 'old old old' >seven
debugfs -w -R 'write seven file' near/fs.img >/dev/null 2>&1
fs_uuid=$(dumpe2fs -h near/fs.img 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')
python3 - near/journal.img "$fs_uuid" <<-'END'
import struct, sys, uuid
f = open(sys.argv[1], "r+b")
f.seek(4096 + 0x40); f.write(struct.pack(">I", 1))
f.seek(4096 + 0x100); f.write(uuid.UUID(sys.argv[2]).bytes)
END
for set in 'feature has_journal' "ssv journal_uuid $uuid" 'ssv journal_inum 0' 'ssv journal_dev 0x700'; do
	debugfs -w -R "$set" near/fs.img >debugfs.out 2>&1
done

# clean: a check does not ask for it, an edit does
run_e4zero 0 --json near/fs.img
grep -q '"journal": *"external"' out || fail "$(head -1 out)"
scribble 0 near/fs.img sync
cp near/fs.img far/fs.img
opens far/fs.img
refused "UUID $uuid" far/fs.img

# one transaction: the directory block of the root, with the file called FILE
python3 - near/fs.img near/journal.img "$(debugfs -R 'bmap <2> 0' near/fs.img 2>/dev/null)" <<-'END'
import struct, sys
image, journal = (open(name, "r+b") for name in sys.argv[1:3])
block, bs, tid, magic = int(sys.argv[3]), 4096, 1, 0xc03b3998
image.seek(block * bs)
data = image.read(bs)
def log(at, *parts):
    body = b"".join(parts)
    journal.seek(at * bs); journal.write(body.ljust(bs, b"\0"))
journal.seek(bs); sb = bytearray(journal.read(1024))
struct.pack_into(">II", sb, 24, tid, 2)  # s_sequence, s_start: block 2 of the device
journal.seek(bs); journal.write(sb)
log(2, struct.pack(">IIIII", magic, 1, tid, block, 8), bytes(16))
log(3, data.replace(b"file", b"FILE"))
log(4, struct.pack(">III", magic, 2, tid))
END
# without the flag the two do not belong together: set for an edit it would have the log replayed
remember_image near/fs.img near/journal.img
run_e4zero 8 --truncate 1 near/fs.img /file
grep -q 'is not empty, but the file system needs no recovery' err || fail "$(cat err)"
image_unchanged near/fs.img near/journal.img
run_e4zero 0 --check near/fs.img
debugfs -w -R 'feature needs_recovery' near/fs.img >/dev/null 2>&1

# the directory block's checksum is wrong in the log's copy, so the view shows: the name cannot be looked up
remember_image near/fs.img near/journal.img
sees_through() {
	run_e4zero 0 --json "$@"
	grep -q '"view": *"replayed"' out || fail "$*: not replayed: $(head -1 out)"
	image_unchanged near/fs.img near/journal.img
}
sees_through near/fs.img
cd near || exit 1
run_e4zero 0 --json fs.img
grep -q '"view": *"replayed"' ../out || fail 'in the same directory'
cd ..

cp near/fs.img far/fs.img
refuses "UUID $uuid" far/fs.img
sees_through --journal-device near/journal.img far/fs.img
refuses 'opening the journal device' --journal-device missing far/fs.img
refuses 'not a journal device' --journal-device near/fs.img far/fs.img

# where there is nothing to be named
make_ext internal.img 8M
make_ext none.img 8M -O ^has_journal
remember_image internal.img none.img
refuses 'has an internal journal' --journal-device near/journal.img internal.img
refuses 'has an internal journal' --replay --journal-device near/journal.img internal.img
refuses 'has no journal' --journal-device near/journal.img none.img
image_unchanged internal.img none.img

# the device number in the superblock leads nowhere: it is a loop device's
cp near/journal.img near/copy.img
refuses 'both .* and .*--journal-device' near/fs.img
sees_through --journal-device near/journal.img near/fs.img
mv near/copy.img near/aside
ln -s ../near/journal.img far/link
refuses "UUID $uuid" far/fs.img
rm near/aside

# another journal, and one that does not list the file system
mke2fs -q -F -O journal_dev -b 4096 other.img 4096 >mke2fs.out 2>&1
other='^e4zero: far/fs.img: the external journal other.img: the journal device has another UUID than the file system expects$'
refuses "$other" --journal-device other.img far/fs.img
"$E4ZERO" --json --journal-device other.img far/fs.img 2>err | grep -q '"name": *"E4Z_ET_OTHER_JOURNAL"' || fail 'another name'
cp near/journal.img stranger.img
printf '\1\2\3' | dd of=stranger.img bs=1 seek=$((4096 + 0x100)) conv=notrunc status=none
refuses 'does not list the file system' --journal-device stranger.img far/fs.img

# partitions of one disk
truncate -s 48M disk.img
printf 'label: gpt\nstart=2048, size=32768\nstart=40960, size=32768\n' | sfdisk -q --no-tell-kernel disk.img || fail sfdisk
dd if=far/fs.img of=disk.img bs=1M seek=1 conv=notrunc,sparse status=none
dd if=near/journal.img of=disk.img bs=1M seek=20 conv=notrunc,sparse status=none
mkdir alone
mv disk.img alone
run_e4zero 0 --json alone/disk.img
grep -q '"view": *"replayed"' out || fail "partition: $(head -1 out)"
scribble 0 alone/disk.img sync
sees_through --journal-device alone/disk.img far/fs.img

# in two partitions of it: neither is taken, and each is named by its offset
truncate -s 64M alone/disk.img
printf 'label: gpt\nstart=2048, size=32768\nstart=40960, size=32768\nstart=81920, size=32768\n' |
	sfdisk -q --no-tell-kernel alone/disk.img || fail sfdisk
dd if=near/journal.img of=alone/disk.img bs=1M seek=40 conv=notrunc,sparse status=none
both='both alone/disk.img\?offset=20971520 and alone/disk.img\?offset=41943040 are the external journal'
refuses "$both" alone/disk.img
refuses "$both" --journal-device alone/disk.img far/fs.img
sees_through --journal-device 'alone/disk.img?offset=20971520' far/fs.img

# a journal of two file systems, which no kernel mounts
cp near/journal.img kept
python3 - near/journal.img <<-'END'
	import struct, sys
	f = open(sys.argv[1], "r+b")
	f.seek(4096 + 0x40); f.write(struct.pack(">I", 2))
	f.seek(4096 + 0x110); f.write(b"another file sys")
END
remember_image near/fs.img near/journal.img
run_e4zero 0 --json near/fs.img
grep -q '"view": *"disk".*"notes":.*is used by 2 file systems.*not replayed' out || fail "$(head -1 out)"
for verb in --replay --fix '--truncate 1'; do
	file=()
	[ "$verb" != '--truncate 1' ] || file=(/file)
	# shellcheck disable=SC2086 # a verb and its argument
	run_e4zero 8 $verb near/fs.img "${file[@]}"
	grep -q 'near/journal.img is used by 2 file systems, which no kernel mounts$' err || fail "$verb: $(cat err)"
done
image_unchanged near/fs.img near/journal.img
mv kept near/journal.img

# locks hold for it too, and no undo file can hold it
holding ofd_holder near/journal.img ex
refuses "journal.img: process $holder" near/fs.img
release
refused 'uses the external journal .* cannot be undone' near/fs.img undo=undo
for dry in '' -n; do
	# shellcheck disable=SC2086 # none, or an option
	"$E4ZERO" $dry --replay --undo undo near/fs.img >out 2>err
	[ $? = 8 ] && grep -q 'uses the external journal .* cannot be undone' err || fail "${dry:-for real}: $(cat err)"
done
