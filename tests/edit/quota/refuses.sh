#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An entry that would have to be made, and a quota file that is damaged, refuse what would change the number of a file's
# blocks, in one sentence and before anything is written. What needs no other number is done.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/quota/common.sh"

# refused PATTERN
refused() {
	untouched 8 "$1" image --truncate 0 image /file
	untouched 8 "$1" image --dry-run --truncate 0 image /file
	untouched 8 "$1" image --write --from ten -o 100000 image /file
	printf 'truncate /empty 100\npunch-hole /file 0 8192\n' >s
	untouched 8 "line 2: .*$1" image --script s image
	run_e4zero 4 --json --convert hole image
	[[ $(records skipped path why) =~ ^/file\ .*$1 ]] || fail "convert: $(<out)"
	image_unchanged image
}

# a file that zeroes are in, so that there is something to convert
quota_image image -b 1024
python3 -c "open('holey', 'wb').write(b'x' * 1024 + b'\0' * 8192 + b'x' * 2000)"
run_e4zero 0 --write --from holey -o 0 image /file
counted image
cp image sound

# anew OPTION: as the message says
anew() {
	tune2fs -Q "^$1" image >tune2fs.log 2>&1 && tune2fs -Q "$1" image >>tune2fs.log 2>&1 || fail "tune2fs: $(<tune2fs.log)"
	counted image
}

declare -A options=([user]=usrquota [group]=grpquota [project]=prjquota)
declare -A missing=([user]=1000 [group]=100 [project]=7)
for type in user group project; do
	id=${missing[$type]}
	cp sound image
	usage break image $type "$id" missing
	option=${options[$type]}
	refused "the $type quota file has no entry for $id; \"tune2fs -Q \^$option IMAGE\" and \"tune2fs -Q $option IMAGE\""
	run_e4zero 0 --write --from ten -o 0 image /file
	run_e4zero 0 --zero-range -o 0 -l 5000 image /file
	# the advice is good
	anew $option
	run_e4zero 0 --truncate 0 image /file
	counted image
done

# one owner of many
cp sound image
own image small 4711 100 7
refused_small="the user quota file has no entry for 4711"
untouched 8 "$refused_small" image --truncate 0 image /small
run_e4zero 0 --truncate 0 image /file

types=(user group project)
for how in 'magic has a wrong magic number' 'version is not of format version 1' 'blocks is shorter than its header says' \
	'no-tree has no tree' 'loop has a loop in its tree' 'loop-root has a loop in its tree' 'past-end has a tree that leaves the file' \
	'far has a tree that leaves the file' 'leaf has a loop in its tree' 'entries has a block with an impossible number of entries' \
	'no-entries has a block with an impossible number of entries' 'free-list has a list of free entries that leaves the file' \
	'other has a tree that leads to the wrong block' 'twice has two entries for one id'; do
	# a type each
	types=("${types[@]:1}" "${types[0]}")
	cp sound image
	usage break image "${types[0]}" "${missing[${types[0]}]}" "${how%% *}"
	refused "the ${types[0]} quota file ${how#* }; \"tune2fs"
	anew "${options[${types[0]}]}"
done

# the inode of a quota file, and its map
cp sound image
debugfs_script image <<<'clri <3>'
refused 'the user quota file has a corrupt inode; run "e2fsck -f IMAGE" first'
count_usage image
for ino in 3 4; do
	cp sound image
	debugfs_script image <<<"sif <$ino> block[5] 0x7fffffff"
	refused 'has a corrupt block map; run "e2fsck -f IMAGE" first'
done
# what the bitmap says is free may become somebody else's
cp sound image
block=$(physical image '<3>' 5)
debugfs_script image <<<"freeb $block"
refused 'the user quota file has a block that is not marked as in use; run "e2fsck -f IMAGE" first'
