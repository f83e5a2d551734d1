#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What each verb that changes a range refuses: exit 8, one sentence, the image as it was. What may be edited is:
# immutable and swap files, whole blocks of encrypted ones.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image -O verity,encrypt,ea_inode
debugfs_script image <<-END2
	write ten verity
	sif verity flags 0x180000
	write ten secret
	sif secret flags 0x80800
	write ten value
	sif value flags 0x280000
	write ten orphan
	sif orphan links_count 0
	write ten broken
	sif broken block[5] 99999999
	write ten frozen
	sif frozen flags 0x80010
END2
cp image fresh
verbs() {
	cat <<-'END2'
		--zero-range -o 4096 -l 4096
		--punch-hole -o 4096 -l 4096
		--allocate -o 0 -l 20000
		--write-zeroes -o 4096 -l 4096
		--zero -o 4096 -l 4096
		--collapse-range -o 4096 -l 4096
		--insert-range -o 4096 -l 4096
		--write --from ten -o 0
	END2
}
# all kinds with the first two verbs, two kinds with the others
kinds=10
while read -r verb; do
	while IFS='|' read -r why file; do
		# shellcheck disable=SC2086 # words
		untouched 8 "$why" image $verb image "$file"
		[ ! -s out ] || fail "a report in spite of: $why"
	done < <(head -n $kinds <<-END2
		verity|/verity
		a directory|/dir
		a device|/null
		a symbolic link|<$(ino_of image /link)>
		extended attribute|/value
		unlinked|<$(ino_of image /orphan)>
		belongs to the file system itself|<8>
		No such file|/missing
		a block lies outside the file system|/broken
	END2
	)
	[[ $verb == --zero-range* ]] || kinds=2
	# shellcheck disable=SC2086 # words
	untouched 16 '.' image $verb image
done < <(verbs)

# an encrypted file: no part of a block, and its blocks stay where they are
untouched 8 'encrypted' image --zero-range -o 100 -l 100 image /secret
untouched 8 'encrypted' image --punch-hole -o 100 -l 8000 image /secret
untouched 8 'encrypted' image --write --from ten -o 4096 image /secret
untouched 8 'encrypted' image --write-zeroes -o 4096 -l 4096 image /secret
untouched 8 'encrypted' image --zero -o 4096 -l 4096 image /secret
untouched 8 'encrypted' image --collapse-range -o 0 -l 4096 image /secret
untouched 8 'encrypted' image --insert-range -o 0 -l 4096 image /secret
run_e4zero 0 --punch-hole -o 4096 -l 4096 image /secret
# and it does not grow where that would zero what is past EOF, which is ciphertext too
debugfs_script image <<-END2
	write ten cipher
	sif cipher flags 0x80800
	sif cipher size 9000
END2
untouched 8 'encrypted' image --allocate -o 0 -l 16384 image /cipher
untouched 8 'encrypted' image --allocate -o 12288 -l 4096 image /cipher
untouched 8 'encrypted' image --zero-range -o 12288 -l 4096 image /cipher
untouched 8 'encrypted' image --truncate 16384 image /cipher
run_e4zero 0 --allocate --keep-size -o 12288 -l 4096 image /cipher
run_e4zero 0 --zero-range -o 8192 -l 8192 image /cipher

# nothing here relies on what is immutable, append-only or swap: it is edited, and said so
run_e4zero 0 --json --zero-range -o 10 -l 10 image /frozen
same 'note' "$(field note edit)" 'the file is immutable on a mounted file system'
same 'message' "$(cat err)" 'e4zero: image: /frozen: the file is immutable on a mounted file system'
run_e4zero 0 --zero-range -o 10 -l 10 image /frozen
same 'message about nothing' "$(cat err)" ''
debugfs_script image <<<'sif frozen flags 0x80020'
echo 'truncate /frozen 50' >script
run_e4zero 0 -n --script script image
same 'message of a dry run' "$(cat err)" 'e4zero: image: /frozen: the file is append-only on a mounted file system'
printf '%s\n' 'truncate /frozen 60' 'truncate /frozen 55' 'truncate /file 50' >script
run_e4zero 0 -n --script script image
same 'message of a file edited twice' "$(cat err)" 'e4zero: image: /frozen: the file is append-only on a mounted file system'
run_e4zero 0 --quiet --json --truncate 50 image /frozen
same 'quiet' "$(cat err) $(field note edit)" ' the file is append-only on a mounted file system'
run_e4zero 0 --json --truncate 50 image /file
same 'no note' "$(field note edit)" null
cp fresh image
head -c 40960 /dev/zero >swap
printf SWAPSPACE2 | dd of=swap bs=1 seek=4086 conv=notrunc status=none
debugfs_script image <<<'write swap swap'
run_e4zero 0 --write --from ten -o 8192 image /swap

# ranges that no file can have, space that is not there
for verb in zero-range allocate write-zeroes; do
	untouched 8 'can hold|too large' image --$verb -o 16T -l 1 image /file
	untouched 8 'can hold|too large' image --$verb -o 0xfffffffffffff000 -l 0xffff image /file
	untouched 8 'No space' image --$verb -o 0 -l 1G image /file
done
untouched 8 'can hold|too large' image --write --from ten -o 16T image /file

# a file system whose files share blocks, one with errors
edit_image image
debugfs -w -R 'ssv state 3' image >debugfs.log 2>&1
while read -r verb; do
	# shellcheck disable=SC2086 # words
	untouched 8 'having errors' image $verb image /file
done < <(verbs | tail -n 2)
echo 'truncate /file 0' >script
untouched 8 'having errors' image --script script image
edit_image image
debugfs -w -R 'feature shared_blocks' image >debugfs.log 2>&1
while read -r verb; do
	# shellcheck disable=SC2086 # words
	untouched 8 'share blocks' image $verb image /file
done < <(verbs | head -n 2)
untouched 8 'share blocks' image --script script image
