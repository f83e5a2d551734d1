#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all where the format has an exception: tree blocks with room after their checksum, directories whose names have a hash or
# whose blocks have no checksum, entries of 64 KiB, descriptors reserved for nobody. What is there is found, zeroed, and nothing
# else is.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
requires python3

hex() { od -An -v -tx1 | tr -d ' \n'; }
canary=43414e415259 # CANARY
poke() { python3 "$srcdir/tests/images/imgpoke.py" "$@" || fail "imgpoke $*"; }
# found KIND PATH BYTES: this is all that is found in ./image, and what is gone after a fix
found() {
	run_e4zero 4 --json --check --only "$1" image
	same "$1 of $2" "$(records finding kind path nonzero fixable)" "$1 $2 $3 true"
	run_e4zero 0 --json --fix --only "$1" image
	! grep -aq CANARY image || fail "$1 of $2: it is still there"
	run_e4zero 0 --json --check --only "$1" image
}
clean() { # [mke2fs options]
	make_image image 128M "$@"
	run_e4zero 0 --fix --all image
}

# after the checksum of an extent block, and before it where the block has room for fewer entries than fit
text many 327680 'not zero '
for size in 2048 8192 32768; do
	clean -b $size -O ^resize_inode
	echo 'write many deep' | debugfs_script image
	for ((i = 1; i < 327680 / size; i += 2)); do echo "punch deep $i $i"; done | debugfs_script image
	run_e4zero 0 --fix --all image
	node=$(debugfs -R 'stat deep' image 2>/dev/null | sed -n 's/.*(ETB0):\([0-9]*\),.*/\1/p')
	ino=$(ino_of image /deep)
	last=$((12 + (size - 16) / 12 * 12 + 4))
	[ $last -lt $size ] || fail "blocks of $size have nothing after their checksum"
	before=$(debugfs -R 'cat deep' image 2>/dev/null | cksum)
	poke image block "$node" $last 43414e41
	run_e4zero 4 --json --check --only extent-slack image
	same "after the checksum with $size" "$(records finding path first last nonzero)" \
		"/deep $((node * size + last)) $((node * size + last + 3)) 4"
	# room for one entry fewer
	max=$(((size - 16) / 12 - 1))
	poke image block "$node" 4 "$(printf '%02x%02x' $((max % 256)) $((max / 256)))"
	poke image block "$node" $((last - 4)) 00000000
	poke image treecsum "$ino" "$node"
	poke image block "$node" $((12 + 12 * max + 4)) $canary
	sound image
	found extent-slack /deep $((6 + 4))
	sound image
	same "the content with $size" "$(debugfs -R 'cat deep' image 2>/dev/null | cksum)" "$before"
done

# the hash after a name that nobody without the key can hash stays; "." has none
clean -b 1024 -O encrypt,casefold,^metadata_csum
printf '%s\n' 'mkdir d' 'write many d/ab' 'sif d flags 0x40080800' | debugfs_script image
block=$(physical image /d 0)
poke image block "$block" 36 1122334455667788
poke image block "$block" 44 $canary
found dir-slack /d 6
same 'the hash after a name' "$(dd if=image bs=1 skip=$((block * 1024 + 24)) count=20 status=none | hex | cut -c17-)" 616200001122334455667788

# a leaf without a checksum, where all others have one: no kernel reads it, and e2fsck says so as before
clean -b 1024
printf '%s\n' 'mkdir d' 'write many d/ab' | debugfs_script image
block=$(physical image /d 0)
poke image block "$block" 28 e803
poke image block "$block" 1012 000000000000000000000000
e2fsck -fn image >before 2>&1
poke image block "$block" 1018 $canary
run_e4zero 4 --json --check --all image
same 'without a checksum' "$(records finding kind path nonzero fixable)" 'dir-slack /d 6 true'
run_e4zero 0 --json --fix --all image
! grep -aq CANARY image || fail 'without a checksum: it is still there'
e2fsck -fn image >after 2>&1
cmp before after || fail 'without a checksum: e2fsck says something else'

# in blocks of 64 KiB a length that does not fit is written as 65535 or as 0
clean -b 65536 -O ^resize_inode,^metadata_csum
block=$(physical image /lost+found 1)
[ "$(dd if=image bs=1 skip=$((block * 65536 + 4)) count=2 status=none | hex)" = ffff ] || fail 'lost+found is not as it was'
for length in ffff 0000; do
	poke image block "$block" 4 $length
	poke image block "$block" 8 $canary
	poke image block "$block" 65530 $canary
	found dir-slack /lost+found 12
	sound image
done

# descriptors in reserve that no inode has, which e2fsck dislikes: those of group 0 are nobody's, too
clean -b 1024 -g 2048
printf '%s\n' 'feature ^resize_inode' 'clri <7>' | debugfs_script image
[ "$(fixed_bytes image reserved-gdt | cut -d' ' -f3)" -gt 0 ] || fail 'nothing is in the descriptors in reserve'
run_e4zero 4 --json --check --all image
same 'descriptors in reserve' "$(records finding kind group fixable | grep reserved)" 'reserved-gdt 0 true'
run_e4zero 0 --json --fix --all image
same 'what is left in reserve' "$(fixed_bytes image reserved-gdt | cut -d' ' -f3)" 0
run_e4zero 0 --json --check --all image
adds_up image

# a table whose last block has room for more inodes than the group has, as genext2fs makes it
clean -b 4096 -I 128 -O ^metadata_csum,^uninit_bg,^64bit,^resize_inode -N 1024
end=$(($(dumpe2fs image 2>/dev/null | sed -n 's/^ *Inode table at [0-9]*-\([0-9]*\).*/\1/p' | head -1) + 1))
per_group=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Inodes per group: *//p')
{
	printf 'ssv inodes_per_group %s\n' $((per_group - 16))
	printf 'ssv inodes_count %s\n' $((per_group - 16))
	printf 'set_bg 0 free_inodes_count %s\n' $((per_group - 16 - 11))
} | debugfs_script image
e2fsck -fy image >e2fsck.out 2>&1
poke image block $((end - 1)) 2048 $canary
poke image block $((end - 1)) 4090 $canary
sound image
run_e4zero 4 --json --check --all image
adds_up image
same 'after the table' "$(records finding kind first last nonzero fixable | grep table)" \
	"inode-table $((end * 4096 - 2048)) $((end * 4096 - 1)) 12 true"
run_e4zero 0 --json --fix --all image
! grep -aq CANARY image || fail 'after the table: it is still there'
sound image
