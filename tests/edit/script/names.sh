#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Messages name the file as it was typed, whichever step of whichever line of a script it was that failed.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

edit_image image
# says MESSAGE ARGUMENTS...: all of the line on standard error
says() {
	remember_image image
	run_e4zero 8 "${@:2}"
	same "message of ${*:2}" "$(cat err)" "e4zero: image: $1"
	image_unchanged image
}
dir=$(ino_of image /dir)
for verb in '--truncate 1' '--punch-hole -o 0 -l 1' '--zero-range -o 0 -l 1' '--collapse-range -o 0 -l 4096' \
	'--write -o 0 --from small'; do
	# shellcheck disable=SC2086 # words
	for typed in /dir //dir/../dir "<$dir>"; do
		says "$typed: is a directory, not a regular file" $verb image "$typed"
	done
	# shellcheck disable=SC2086
	says '/null: is a device, not a regular file' $verb image /null
done
says '<8>: belongs to the file system itself: it is the journal' --truncate 0 image '<8>'
says '/null: has no blocks' --map image /file /null
says '<500>: the inode is not in use' --truncate 0 image '<500>'
# of two files the one that fails, and the next does not inherit its name
printf '%s\n' 'truncate /small 5' 'truncate "/dir" 0' 'truncate /file 5' >script
run_e4zero 8 --script script image
grep -q ': /dir: is a directory' err || fail "$(cat err)"
# EFBIG names the limit
for verb in '--truncate 17T' '--allocate -o 17T -l 1' '--write -o 17T --from small'; do
	# shellcheck disable=SC2086
	run_e4zero 8 --json $verb image /file
	grep -q '"message":"/file: can hold 17592186040320 bytes at most".*"name":"EFBIG"' out || fail "$verb: $(cat out)"
done
# no room is ENOSPC, wherever it is found out
for from in - big; do
	truncate -s 15M big
	"$E4ZERO" --json --write -o 0 --from $from image /file <big >out 2>err && fail 'there is no room for 15 MiB'
	grep -q '"name":"E4Z_ET_NO_SPACE"' out || fail "--from $from: $(cat out)"
done
truncate -s 2G long
run_e4zero 8 --script long image
grep -q 'reading more of long than the [0-9]* bytes' err || fail "$(cat err)"
