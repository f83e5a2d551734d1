#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# FILEs restrict the check: by path, through a symbolic link of the image, by inode number.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires jq
stale_image image
debugfs_script image <<-END
	mkdir d
	symlink d/link ../tail
END
ino=$(debugfs -R 'stat past' image 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p')
[ -n "$ino" ] || fail 'no inode number from debugfs'

run_e4zero 0 image /clean
run_e4zero 4 --json image /tail
same /tail "$(kinds)" '/tail stale-tail'
same files "$(records summary files)" 1
run_e4zero 4 --json image /d/link
same /d/link "$(kinds)" '/tail stale-tail'
run_e4zero 4 --json image "<$ino>"
same "<$ino>" "$(kinds)" '/past post-eof-data'
# the order of the words does not matter, nor that one is there twice
run_e4zero 4 --json image "<$ino>" /clean /tail /tail
same 'several' "$(kinds)" $'/tail stale-tail\n/past post-eof-data'
run_e4zero 8 image /tail /missing
grep -q /missing err || fail "the message does not name the file: $(cat err)"
run_e4zero 8 image '<4000000000>'

# what is named but not judged is skipped with its reason and is not a file, to --check and --fix alike. Where it is all
# that was named the check fails, and --fix says so, quiet or not.
debugfs_script image <<-END
	write eight gone
	set_inode_field gone links_count 0
END
gone=$(debugfs -R 'stat gone' image 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p')
dir=$(debugfs -R 'stat d' image 2>/dev/null | sed -n 's/^Inode: \([0-9]*\).*/\1/p')
system='a system inode: its contents are not checked'
for row in "<1>:$system" "<7>:$system" "<8>:$system" "<9>:$system" "<$dir>:not a regular file" \
	"<$gone>:deleted, waiting to be freed"; do
	for verb in --check --fix; do
		status=0
		[ $verb = --fix ] || status=8
		run_e4zero $status $verb -q image "${row%%:*}"
		grep -q 'nothing was checked' err || fail "$verb -q $row: $(cat err)"
		run_e4zero $status $verb --json image "${row%%:*}"
		same "$verb $row" "${row%%:*}:$(records skipped why)" "$row"
		same "$verb $row" "$(records summary files skipped)" '0 1'
	done
done
# with another that is judged
run_e4zero 0 -q image /clean "<$dir>"
same 'one of two' "$(cat err)" ''
