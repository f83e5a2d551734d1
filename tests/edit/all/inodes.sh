#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all in the slots of inodes: what follows their fields, what is between extended attributes and their values, and fields
# of no use. --fix zeroes it; fields, times and attributes stay. What is corrupt is left and named.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
requires python3

# poke IMAGE NAME OFFSET HEX...: into the slot of an inode
poke() {
	local ino
	ino=$(ino_of "$1" "$2")
	for ((i = 3; i < $#; i += 2)); do
		python3 "$srcdir/tests/images/imgpoke.py" "$1" inode "$ino" "${@:i:2}" || fail "imgpoke $*"
	done
	# debugfs makes the checksum right
	debugfs -w -n -R "sif $2 uid 7" "$1" 2>/dev/null
}

# slot IMAGE NAME FIRST COUNT: bytes of it
slot() {
	debugfs -n -R "inode_dump $2" "$1" 2>/dev/null | sed 's/^[0-9a-f]* *//; s/ *[^ ]*$//' | tr -d ' \n' | cut -c$((2 * $3 + 1))-$((2 * ($3 + $4)))
}

# said IMAGE: what debugfs says of all files
said() {
	for file in attributes plain zero; do
		debugfs -R "stat /$file" "$1" 2>/dev/null | grep -v checksum
		debugfs -R "ea_get -V /$file user.a" "$1" 2>/dev/null
		debugfs -R "ea_get -V /$file user.bcd" "$1" 2>/dev/null
	done
}

# CANARY, in hexadecimal
canary=43414e415259
make() {
	local file
	make_image image 24M -b 1024 "$@"
	text ten 10000 x
	for file in attributes plain zero; do echo "write ten $file"; done | debugfs_script image
	printf 'ea_set /attributes user.%s\n' 'a 12345' 'bcd 123456' | debugfs_script image
}

for features in metadata_csum ^metadata_csum; do
	make -I 256 -O $features
	debugfs -w -R 'sif zero extra_isize 0' image 2>/dev/null
	run_e4zero 0 image
	run_e4zero 0 --json --check --only inode-slack image
	# the entries end at 212; the values are at 240 and 248; padding is at 181, 203, and after both values
	poke image attributes 212 ${canary} 234 ${canary} 181 505050 203 50 253 505050
	poke image plain 160 ${canary} 250 ${canary}
	poke image zero 160 ${canary} 250 ${canary} 126 5050
	said image >before
	run_e4zero 4 --json --check --all image
	same "of $features" "$(records finding kind path nonzero fixable)" \
		"$(printf 'inode-slack /%s true\n' 'attributes 19' 'plain 12' 'zero 14')"
	same 'what is missing in the sum' "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	run_e4zero 0 --json --fix --all image
	sound image
	said image >after
	cmp before after || fail "$features: fields or attributes are not the same"
	run_e4zero 0 --json --check --all image
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
	! grep -aq 'CANARY\|PPP' image || fail "$features: it is still there"
done

# a field that nobody has used since 1993, which e2fsck dislikes
poke image plain 112 50505050
run_e4zero 0 --json --fix --all image
same 'i_faddr' "$(records finding kind path nonzero)" 'inode-slack /plain 4'
sound image

# corrupt ones: a value over another one, before the entries, past the end; entries past the end; a number of fields
attributes='the extended attributes are corrupt'
cp image good
while read -r at hex why; do
	cp good image
	poke image attributes "$at" "$hex" 220 $canary
	slot image attributes 0 256 >before
	run_e4zero 4 --json --check --all image
	same "$at $hex" "$(records finding kind path fixable why)" "inode-slack /attributes false $why"
	run_e4zero 4 --json --fix --all image
	slot image attributes 0 256 >after
	cmp before after || fail "$at $hex: it was changed"
done <<-END
	166 4c00 $attributes
	166 f0ff $attributes
	166 5a00 $attributes
	172 ffffffff $attributes
	172 60000000 $attributes
	164 ff $attributes
	204 01010101 $attributes
	128 0300 i_extra_isize is not valid
	128 8400 i_extra_isize is not valid
END

# small ones have no room for more
make -I 128
poke image plain 126 5050
run_e4zero 4 --json --check --all image
same 'of 128 bytes' "$(records finding kind path nonzero)" 'inode-slack /plain 2'
run_e4zero 0 --json --fix --all image
sound image
