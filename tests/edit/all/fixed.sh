#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all in static metadata that nobody reads: what the ledger has of each kind is what the format says, --fix zeroes it,
# and changes nothing else; a second run writes nothing.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

# some layouts have none of a kind
declare -A seen

broad some 4 "${layouts[@]}" '12M -b 1024 -I 128 -O uninit_bg,^metadata_csum,^64bit -g 2048'
for layout in "${some[@]}"; do
	canary_image image "$layout"
	# what mke2fs -d writes is not in its own quota files
	[[ $layout != *quota* ]] || e2fsck -fy image >e2fsck.out 2>&1
	# a file in a fast inode, a name in the map of a link: e2fsprogs leaves them in the slot
	printf '%s\n' 'write tree/small gone' 'symlink golink DELETEDTARGET' 'rm gone' \
		'rm golink' 'rm /dir/sub/a\ longer\ name\ of\ a\ file,\ number\ 7' | debugfs -w -f - image >debugfs.log 2>&1
	fixed_bytes image >places
	run_e4zero 4 --json --check --all image
	adds_up image
	while read -r kind bytes stale; do
		same "bytes of $kind in $layout" "$(class "$kind" bytes)" "$bytes"
		same "stale bytes of $kind in $layout" "$(class "$kind" stale_bytes)" "$stale"
		seen[$kind]=$((${seen[$kind]-0} + stale))
	done <places
	run_e4zero 0 --json --fix --all image
	summary fixed findings left
	# shellcheck disable=SC2154 # summary makes them
	same "fixed in $layout" "$fixed $left" "$findings 0"
	sound image
	while read -r kind bytes stale; do
		same "left of $kind in $layout" "$stale" 0
	done < <(fixed_bytes image)
	run_e4zero 0 --json --check --all image
	adds_up image
	holds image /ten tree/ten /dir/large tree/dir/large
	remember_image image
	run_e4zero 0 --json --fix --all --trace-io trace image
	[ ! -s trace ] || fail "$layout: the second one wrote: $(head trace)"
	rm -f trace
	image_unchanged image
done
for kind in "${fixed_kinds[@]}"; do
	# mke2fs writes all blocks of the descriptors
	[ "$kind" = desc-slack ] || [ "${seen[$kind]}" -gt 0 ] || fail "no layout has any $kind"
done

# a table whose group is not what its descriptor says is left, and named
for features in metadata_csum ^metadata_csum,uninit_bg; do
	canary_image image "24M -b 1024 -O $features"
	fixed_bytes image inode-table >places
	# the last inode of group 0
	debugfs -w -R "seti <$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Inodes per group: *//p')>" image >debugfs.log 2>&1
	run_e4zero 4 --json --fix --only inode-table image
	same "the groups left of $features" "$(records finding group fixable fixed | grep -v 'true true')" '0 false false'
	fixed_bytes image inode-table >after
	[ "$(cut -d' ' -f3 after)" -gt 0 ] && [ "$(cut -d' ' -f3 after)" -lt "$(cut -d' ' -f3 places)" ] ||
		fail "$features: $(cat places after)"
done

# free in the bitmap, and yet it has links: the group is left, and so is the inode
canary_image image '24M -b 1024'
ino=$(ino_of image /ten)
debugfs -w -f - image >debugfs.log 2>&1 <<-END
	write tree/small gone
	rm gone
	freei <$ino>
	set_bg 0 free_inodes_count $(($(dumpe2fs image 2>/dev/null | sed -n 's/.* \([0-9]*\) free inodes,.*/\1/p' | head -1) + 1))
	set_bg 0 checksum calc
END
run_e4zero 4 --json --fix --only free-inode image
same 'what is left' "$(records finding kind group fixable fixed)" 'free-inode 0 false false'
same 'its content' "$(debugfs -R "cat <$ino>" image 2>/dev/null | cksum)" "$(cksum <tree/ten)"
