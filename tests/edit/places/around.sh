#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all around the file system: what follows it in its place is a finding, zeroed only by its name, never past the place's end,
# and left where something is recognised there; the boot block is named, and left.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
requires sfdisk
requires mkswap
requires python3

# beside FIELD...: of what follows the file system, in the ledger of out
beside() { jq -r --arg fields "$*" 'select(.type == "ledger").beside[] | [.[$fields | split(" ")[]]] | map(tostring) | join(" ")' out; }
# after FIELD...: of the finding
after() { records finding kind "$@" | sed -n 's/^after-fs //p'; }
# dirty FILE OFFSET [LENGTH]: bytes there that are not zero
dirty() { tail -c "+$(($2 + 1))" "$1" | head -c "${3-$(stat -c %s "$1")}" | tr -d '\0' | wc -c; }

size=$((8 * 1048576))
canary_image clean '8M -b 4096'
run_e4zero 0 --fix --all clean

# nothing follows
run_e4zero 0 --json --check --all clean
same 'nothing beside' "$(beside class)" ''

# old bytes, no multiple of a block
cp clean image
yes OLDDATA | head -c 9999 >>image
truncate -s +777 image
remember_image image
run_e4zero 4 --json --check --all image
adds_up image
same 'the size' "$(jq 'select(.type == "ledger").size' out)" $size
same 'the finding' "$(after ino group pblk blocks first last nonzero fixable)" "null 0 2048 3 $size $((size + 9998)) 9999 true"
same 'beside the sum' "$(beside class places bytes stale_bytes left)" 'after-fs 1 10776 9999 null'
run_e4zero 4 --check --all image
has_line '^after-fs  *1  *10776  *9999' out || fail "$(cat out)"
run_e4zero 4 --check --all --report page.html image
same 'on the page' "$(sed -n 's/<span[^>]*>//g; s/<[^>]*>/ /g; /^ *after-fs /p' page.html | sed 's/^.*\(after-fs *1 *10776 *9999\).*/\1/' | head -1 | xargs)" \
	'after-fs 1 10776 9999'
run_e4zero 4 --json --check --all -v image
same 'its bytes' "$(after bytes_hex | cut -c1-16)" 4f4c44444154410a
run_e4zero 0 --json --check --only metadata,free,journal image
run_e4zero 4 --json --fix --all image
same 'unasked' "$(after fixed fixable)" 'false true'
image_unchanged image
run_e4zero 0 --json --fix --only after-fs --dry-run image
image_unchanged image
run_e4zero 0 --json --fix --only after-fs --undo undo image
summary fixed left verified
# shellcheck disable=SC2154 # summary makes them
same 'asked for' "$fixed $left $verified" '1 0 10776'
same 'what is left of it' "$(dirty image $size) $(stat -c %s image)" "0 $((size + 10776))"
cmp -n $size clean image || fail 'the file system changed'
run_e4zero 0 --json --check --all image
same 'beside the sum' "$(beside places bytes stale_bytes left)" '0 10776 0 null'
remember_image image
run_e4zero 0 --json --fix --only after-fs,free --trace-io trace image
[ ! -s trace ] || fail "the second one wrote: $(cat trace)"
image_unchanged image
run_e4zero 0 --undo-apply undo image
same 'undone' "$(dirty image $size)" 9999

# far behind, in more than one slice
cp clean image
truncate -s 20G image
printf x | dd of=image bs=1 seek=$((9 << 30)) conv=notrunc status=none
printf x | dd of=image bs=1 seek=$(((20 << 30) - 1)) conv=notrunc status=none
run_e4zero 4 --json --check --only after-fs image
same 'far behind' "$(after blocks first last nonzero)" "2 $((9 << 30)) $(((20 << 30) - 1)) 2"
run_e4zero 0 --json --fix --only after-fs image
run_e4zero 0 --json --check --only after-fs image

# leaves NAME REGEX: what follows in ./image is left, and named
leaves() {
	remember_image image
	run_e4zero 0 --json --check --all "${place-image}"
	grep -q "$2" <<<"$(beside left)" || fail "$1: $(beside left)"
	same "$1, not asked for" "$(after kind)" ''
	run_e4zero 0 --json --check --only after-fs "${place-image}"
	grep -q "$2" <<<"$(after why)" || fail "$1: $(cat out)"
	same "$1, asked for" "$(after fixable)" false
	run_e4zero 0 --json --fix --all "${place-image}"
	run_e4zero 4 --json --fix --only after-fs "${place-image}"
	summary fixed left
	same "$1, fixed" "$fixed $left" '0 1'
	image_unchanged image
}
# with NAME REGEX FILE: ./clean, and FILE after it
with() {
	cat clean "$3" >image
	leaves "$1" "$2"
}
{ printf 'verity\0\0\1\0\0\0'; head -c 65524 /dev/urandom; } >more
with 'a hash tree' DM_verity_hash more
truncate -s 1M more && mkswap -q more 2>/dev/null
with swap swap more
rm more && mke2fs -q -t ext2 more 1M >mke2fs.log 2>&1
with 'a file system' ext2 more
{ head -c 1M /dev/zero; cat more; } >later
with 'a file system further on' ext2 later
{ head -c 65024 /dev/zero; printf conectix; head -c 504 /dev/urandom; } >more
with 'a VHD' VHD more
{ head -c 65024 /dev/zero; printf 'EFI PART'; head -c 504 /dev/zero; } >more
with 'a backup GPT' GPT more
# a superblock of version 1.0 of Linux RAID, near the end of all of it
python3 - $((size + 65536)) >more <<-'END'
	import struct, sys
	end = int(sys.argv[1]) // 512
	at = (end - 16) & ~7
	raid = bytearray(256)
	struct.pack_into('<2I', raid, 0, 0xa92b4efc, 1)
	raid[16:32] = b'sixteen bytes ok'
	struct.pack_into('<2Q', raid, 80, at, 0)
	struct.pack_into('<2Q', raid, 136, at, at)
	total = sum(struct.unpack('<64I', raid))
	struct.pack_into('<I', raid, 216, (total & 0xffffffff) + (total >> 32))
	more = bytearray(65536)
	off = at * 512 - (int(sys.argv[1]) - 65536)
	more[off:off + 256] = raid
	sys.stdout.buffer.write(more)
END
place='image?offset=0' with 'a RAID' linux_raid_member more

# partitions: to the end of its own
truncate -s 24M disk
sfdisk -q disk <<-END
	label: gpt
	start=2048, size=$((size / 512 + 128))
	start=$((2048 + size / 512 + 128 + 64)), size=2048
END
yes OLDDATA | dd of=disk bs=64K seek=16 conv=notrunc iflag=fullblock count=166 status=none
dd if=clean of=disk bs=1M seek=1 conv=notrunc status=none
cp disk before
for place in 'disk?offset=1M' disk; do
	cp before disk
	run_e4zero 4 --json --check --only after-fs "$place"
	same "the end of $place" "$(after first last fixable)" "$size $((size + 65535)) true"
	run_e4zero 0 --json --fix --only after-fs "$place"
	same "what follows in $place" "$(dirty disk $((1048576 + size)) 65536)" 0
	same "what is around it in $place" "$(cksum < <(head -c $((1048576 + size)) disk; tail -c +$((1048576 + size + 65537)) disk))" \
		"$(cksum < <(head -c $((1048576 + size)) before; tail -c +$((1048576 + size + 65537)) before))"
done
# between partitions, or in one that ends elsewhere
cp before image
dd if=clean of=image bs=1M seek=12 conv=notrunc status=none
place='image?offset=12M' leaves 'no partition' 'none of the disk'
cp before image
dd if=clean of=image bs=64K seek=8 conv=notrunc status=none
place='image?offset=512K' leaves 'a partition from its middle on' 'begins in the file system'

# a boot loader
cp clean image
printf 'BOOT LOADER' | dd of=image conv=notrunc status=none
printf 'LAST' | dd of=image bs=1 seek=1020 conv=notrunc status=none
remember_image image
run_e4zero 0 --json --check --all image
same 'the class' "$(class boot-block places) $(class boot-block bytes) $(class boot-block stale_bytes)" '1 1024 15'
[ -n "$(class boot-block left)" ] && [ "$(class boot-block left)" != 0 ] || fail 'no reason for the boot block'
same 'not asked for' "$(records finding kind)" ''
run_e4zero 0 --json --check --only boot-block image
same 'asked for' "$(records finding kind ino group pblk blocks first last nonzero fixable)" 'boot-block null 0 0 1 0 1023 15 false'
run_e4zero 0 --json --check --all -v image
same 'with -v' "$(records finding kind)" 'boot-block'
run_e4zero 0 --json --fix --all image
run_e4zero 4 --json --fix --only boot-block image
image_unchanged image

# what the file system itself has, and nobody examines: the boot loader's inode, quota files; each with its reason
make_image quota 24M -b 1024 -O quota
printf '%s\n' 'sif <5> mode 0100600' 'sif <5> links_count 1' 'sif <5> size 700' 'sif <5> blocks 2' 'sif <5> block[0] 20000' \
	'setb 20000' | debugfs_script quota
e2fsck -fy quota >e2fsck.out 2>&1
pollute quota $((20000 * 1024 + 900)) 'BOOT LOADER'
sound quota
run_e4zero 0 --json --check --all quota
adds_up quota
same 'classes that are left' "$(jq -r 'select(.type == "ledger").classes[] | select(.left) | "\(.class) \(.bytes)"' out)" \
	"$(printf '%s\n' 'boot-block 1024' 'boot-loader 1024' 'quota-file 12288')"
run_e4zero 0 --json --fix --all quota
same "inode 5's block" "$(dd if=quota bs=1 skip=$((20000 * 1024 + 900)) count=11 status=none)" 'BOOT LOADER'
