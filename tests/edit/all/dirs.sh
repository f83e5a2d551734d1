#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all in directories: names that were removed, in leaves, in a hash tree and in inodes. --fix zeroes them, and no name that
# is there changes.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
requires e2fsck

# names IMAGE: all names in use, with their inodes and types
names() {
	printf 'ls -p %s\n' / /few /many /tiny /none | debugfs -f - "$1" 2>/dev/null | grep -v '^/0/'
}

mkdir -p tree/few tree/many tree/tiny tree/none
for ((i = 0; i < 30; i++)); do : >"tree/few/$((i % 3 ? i : 0))SECRET$i"; done
for ((i = 0; i < 3000; i++)); do : >"tree/many/a name that fills a block, SECRET$i"; done
for ((i = 0; i < 3; i++)); do : >"tree/tiny/SECRET$i"; done
for file in tree/few/*; do
	[[ $file != *[13579] ]] || mv "$file" "${file/SECRET/stays}"
done
for ((i = 1; i < 3000; i += 2)); do mv "tree/many/a name that fills a block, SECRET$i" "tree/many/a name that fills a block, stays$i"; done

remove=()
for file in tree/*/*SECRET*; do remove+=("rm \"${file#tree}\""); done

layouts=(
	'32M -b 1024'
	'32M -b 1024 -O ^metadata_csum'
	'32M -b 1024 -I 256 -O inline_data'
	'32M -b 1024 -t ext2'
	'32M -b 4096 -O casefold,large_dir,encrypt'
	'32M -b 1024 -O ^dir_index'
	'512M -b 65536 -O ^resize_inode'
)
broad layouts 3 "${layouts[@]}"
for layout in "${layouts[@]}"; do
	[[ $layout == *' -t '* ]] || layout+=' -t ext4'
	block=${layout#*-b } block=${block%% *}
	rm -f image
	# shellcheck disable=SC2086 # words of options
	mke2fs -q -F -N 4000 -d tree ${layout#* } image ${layout%% *} >mke2fs.log 2>&1 || fail "mke2fs $layout: $(cat mke2fs.log)"
	# the hash tree is made
	e2fsck -fyD image >e2fsck.log 2>&1
	printf '%s\n' "${remove[@]}" | debugfs_script image
	# nothing in the root of the tree is there, as the checksum does not see it
	tree=
	if debugfs -R 'stat /many' image 2>/dev/null | grep -q 'Flags: 0x.*1...$'; then
		pollute image $((($(physical image /many 0) + 1) * block - 40)) 'CANARY of a tree'
		tree=htree-slack
	fi
	sound image
	grep -aq 'SECRET' image || fail "$layout: no name is left to be found"
	names image >before
	run_e4zero 4 --json --check --all image
	same "what is missing in the sum of $layout" "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	records finding kind path | sort -u >found
	for wanted in 'dir-slack /few' 'dir-slack /tiny' "${tree:-dir-slack} /many"; do
		grep -q "^$wanted\$" found || fail "$layout: there is no $wanted: $(cat found)"
	done
	run_e4zero 0 --json --fix --all image
	summary fixed findings left
	# shellcheck disable=SC2154 # summary makes them
	same "fixed of $layout" "$fixed $left" "$findings 0"
	sound image
	names image >after
	cmp before after || fail "$layout: the names are not the same"
	run_e4zero 0 --json --check --all image
	remember_image image
	run_e4zero 0 --json --fix --all image
	image_unchanged image
	! grep -aq 'SECRET\|CANARY' image || fail "$layout: a removed name is still there"
done
