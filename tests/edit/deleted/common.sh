# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of deleted-open share. Source it after tests/edit/all/common.sh.

# unlink_open IMAGE NAME...: they have no name and no links, and are orphans: on the list, or in the orphan file if there is one.
# unlinked: their inodes
unlink_open() {
	local image=$1 name ino last=0 dirs=0 file
	shift
	file=$(dumpe2fs -h "$image" 2>/dev/null | sed -n 's/^Orphan file inode: *//p')
	unlinked=
	for name; do
		ino=$(ino_of "$image" "/$name")
		unlinked+=" $ino"
	done
	unlinked=${unlinked# }
	{
		for name; do
			ino=${unlinked%% *}
			unlinked=${unlinked#"$ino"}
			unlinked="${unlinked# } $ino"
			[[ $name != dir* ]] || ((dirs++))
			printf 'unlink %s\nsif <%s> links_count 0\n' "$name" "$ino"
			[ -n "$file" ] || echo "sif <$ino> dtime @$last"
			last=$ino
		done
		[ -n "$file" ] && echo 'feature orphan_present' || echo "ssv last_orphan $last"
		((dirs == 0)) || echo "sif / links_count $(($(debugfs -R 'stat /' "$image" 2>/dev/null | sed -n 's/.*Links: \([0-9]*\).*/\1/p') - dirs))"
	} | debugfs_script "$image"
	[ -z "$file" ] || python3 "$srcdir/tests/images/imgpoke.py" "$image" orphans $unlinked
}

# what_is_free IMAGE: by group, as dumpe2fs has it
what_is_free() {
	# a group without a block in use needs no bitmap, and e2fsck takes it away
	dumpe2fs "$1" 2>/dev/null | sed -nE 's/, [0-9]+ unused inodes//; /^Free|^  Free|free blocks/p; s/^(Group [0-9]+:).*/\1/p'
}

# same_usage WHAT IMAGE REFERENCE: the same blocks and inodes are free
same_usage() {
	what_is_free "$2" >free.got
	what_is_free "$3" >free.wanted
	diff free.got free.wanted >free.diff || fail "$1: not the same is free: $(head -n 6 free.diff)"
}
