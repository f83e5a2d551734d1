#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The usage of the user, the group and the project of a file follows every edit: after each of them e2fsck and a reader of
# our own count what the quota files say, and the dry run counted the same blocks of the journal.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/quota/common.sh"

# edit CHANGES ARGUMENTS...: the dry run, the edit; CHANGES: the usage of user 1000 becomes another, "=": it does not,
# "any": as it has to
edit() {
	local before after planned
	before=$(usage show image user 1000)
	remember_image image
	run_e4zero 0 --json --dry-run "${@:2}"
	image_unchanged image
	planned=$(records summary transactions log_blocks)
	run_e4zero 0 --json "${@:2}"
	same "dry run of $kind: ${*:2}" "$planned" "$(records summary transactions log_blocks)"
	counted image
	after=$(usage show image user 1000)
	if [ "$1" = = ]; then
		same "usage after $kind: ${*:2}" "$after" "$before"
	elif [ "$1" = changes ]; then
		[ "$before" != "$after" ] || fail "$kind: ${*:2}: the usage is still $after"
	fi
}

every() {
	edit any --truncate 5000 image /file
	edit changes --truncate 0 image /file
	edit changes --write --from ten -o 0 image /file
	edit = --write --from ten -o 0 image /file
	edit changes --write --from ten -o 300000 image /file
	edit = --zero -o 301000 -l 3000 image /file
	edit changes --punch-hole -o 262144 -l 131072 image /file
	[ -z "$extents" ] || edit changes --allocate -o 65536 -l 50000 image /file
	[ -z "$extents" ] || edit changes --allocate --keep-size -o 655360 -l 50000 image /file
	[ -z "$extents" ] || edit = --zero-range -o 65536 -l 32768 image /file
	[ -z "$extents" ] || edit any --insert-range -o 65536 -l 65536 image /file
	edit changes --write-zeroes -o 1000000 -l 50000 image /file
	[ -z "$extents" ] || edit changes --collapse-range -o 0 -l 65536 image /file
	edit changes --convert hole image /file
	# a file that owns nothing, and whose owners own nothing else
	edit = --write --from ten -o 0 image /empty
	printf 'write /file %s from=ten\ntruncate /small 0\ntruncate /empty 100\npunch-hole /file 0 4096\n' 200000 >s
	edit any --script s image
}

broad kinds 3 '-b 1024' '-b 4096 -O bigalloc -C 16384' '-b 1024 -O ^extents,^64bit' '-b 4096' '-b 4096 -O ^has_journal' \
	'-b 1024 -O bigalloc -C 8192' '-b 65536' '-b 1024 -O ^metadata_csum,^uninit_bg' '-b 2048 -O inline_data'
for kind in "${kinds[@]}"; do
	[[ $kind != *^extents* ]] && extents=1 || extents=
	# shellcheck disable=SC2086 # words
	quota_image image $kind
	every
done

# data that leaves its inode, and an attribute in a block
kind=inline
quota_image image -O inline_data
text short 60 x
text value 3000 v
debugfs_script image <<-'END'
	write short inline
	ea_set -f value file user.long
	ea_set -f value inline user.long
END
own image inline 1000 100 7
count_usage image
edit changes --truncate 70 image /inline
edit any --truncate 5000 image /inline
edit changes --truncate 0 image /inline
edit changes --truncate 0 image /file
holds image /inline empty

# some types only, and a file system that has no projects
kind=types
for types in usrquota grpquota usrquota:grpquota; do
	edit_image image -I 256 -O quota -E quotatype=$types
	count_usage image
	run_e4zero 0 --truncate 100 image /file
	counted image
	run_e4zero 0 --allocate -o 0 -l 100000 image /file
	counted image
done
edit_image image -I 128 -O quota
count_usage image
run_e4zero 0 --truncate 100 image /file
counted image

# an undo file takes the usage back
quota_image image
cp image before
run_e4zero 0 --undo undo --truncate 0 image /file
counted image
run_e4zero 0 --undo-apply undo image
cmp image before || fail 'not undone'
