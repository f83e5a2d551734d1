#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An orphan list that is corrupt is named by a check, at the place where it cannot be followed. An orphan that is not in use is
# left, with its blocks, by every edit: the kernel does not believe such a list either. What is certain beside it is done.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
. "$srcdir/tests/edit/deleted/common.sh"
requires python3

text ten 10000 'line of text '
# on the list in this order, deleted while they were open: first, free, last
make_image good 24M -b 1024 -O ^extent,^64bit
printf '%s\n' 'write ten '{first,free,last,keep,cut} | debugfs_script good
unlink_open good last free first
read -r last free first <<<"$unlinked"
count=$(dumpe2fs good 2>/dev/null | sed -n 's/.* \([0-9]*\) free inodes,.*/\1/p' | head -n 1)
give() { printf '%s\n' "freei <$free>" "set_bg 0 free_inodes_count $((count + 1))" 'set_bg 0 checksum calc'; }
map_of() { debugfs -R "inode_dump -b <$2>" "$1" 2>/dev/null; }

# skipped: what the report in out says is, but for inodes that wait to be freed
skipped() { records skipped ino why | grep -v 'deleted, waiting' | sort; }

# named WHAT INO REASON: of image, by a check of everything, by no other check
named() {
	local option
	for option in '' --all; do
		# shellcheck disable=SC2086 # none, or a word
		"$E4ZERO" --check $option --json image >out 2>err
		same "$1: check $option" "$(skipped)" "$2 $3"
		[ -n "$option" ] || same "$1: witness" "$(python3 "$srcdir/tests/witness/witness.py" --skipped image | sort -u)" \
			"$(records skipped ino | sed 's/null/0/' | sort -u)"
	done
	run_e4zero 0 --json image /keep
	same "$1: check of a file" "$(skipped)" ''
}

cp good image
run_e4zero 0 --check --json image
same 'a list in order' "$(skipped)" ''

begins='the orphan list begins with an invalid inode'
leads='the orphan list leads from it to an invalid inode'
while IFS='|' read -r what ino why command; do
	cp good image
	debugfs_script image <<<"$command"
	named "$what" "$ino" "$why"
done <<-END
	a reserved number|null|$begins|ssv last_orphan 5
	a number without an inode|null|$begins|ssv last_orphan 500000
	a reserved number on the list|$free|$leads|sif <$free> dtime @3
	a number without an inode on the list|$first|$leads|sif <$first> dtime @500000
	a circle|$last|the orphan list leads from it to an inode that was on it before|sif <$last> dtime @$free
END

# whether the slot of an inode that is not in use still has what it had, or is zero, the list leads to it
for zero in '' 1; do
	cp good image
	give | debugfs -w -f - image >debugfs.log 2>&1
	if [ -n "$zero" ]; then
		read -r block at <<<"$(debugfs -R "imap <$free>" image 2>/dev/null | sed -n 's/.*located at block \([0-9]*\), offset \(0x[0-9a-f]*\)$/\1 \2/p')"
		head -c 256 /dev/zero | dd of=image bs=1 seek=$((block * 1024 + at)) conv=notrunc status=none
	fi
	named "not in use${zero:+, zero}" "$free" 'an orphan that is not in use'
	run_e4zero 4 --json --fix --all image
	same "fixed${zero:+, zero}" "$(records finding kind ino fixed | grep "^deleted-open $first ")" "deleted-open $first true"
	[ -n "$zero" ] || same 'what comes after it' "$(records finding kind ino fixed | grep "^deleted-open $last ")" "deleted-open $last true"
	dumpe2fs -h image 2>/dev/null | grep -q "^First orphan inode: *$free$" || fail 'the list does not begin with it'
	run_e4zero 4 --json --check --all image
	same "named again${zero:+, zero}" "$(skipped)" "$free an orphan that is not in use"
done

# it has links, and is longer than its size, so that there would be something to finish; one of its blocks is another file's by now
file=$(debugfs -R "bmap <$free> 5" good 2>/dev/null)
cp good image
{
	printf '%s\n' "sif <$free> links_count 1" "sif <$free> size 2000" "sif keep block[5] $file"
	give
} | debugfs -w -f - image >debugfs.log 2>&1
map=$(map_of image "$free")
cp image lying
for edit in '--truncate 100' --fix '--fix --all'; do
	cp lying image
	# shellcheck disable=SC2046,SC2086 # words
	"$E4ZERO" --json $edit image $([[ $edit != --trunc* ]] || echo /cut) >out 2>err
	[ $? -le 4 ] || fail "$edit: $(cat err)"
	records skipped ino why | grep -q "^$free .*an orphan that is not in use$" || fail "$edit: it is not named: $(cat out)"
	debugfs -R "testb $file" image 2>/dev/null | grep -q 'marked in use' || fail "$edit: a block of a file was freed"
	same "$edit: its map" "$(map_of image "$free")" "$map"
done
