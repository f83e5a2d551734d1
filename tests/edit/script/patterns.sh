#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A line of a script may name its file by a pattern: what matches is edited as if each had a line, in one transaction, a
# file once; quoting makes it a name, and --convert skips what it would refuse.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

# edits: the paths of the edits in out, then how many were skipped and transactions
edits() {
	records edit path
	records summary files skipped transactions
}

# runs LINE... WANTED: a script of these lines edits what is wanted, the same in a dry run
runs() {
	local want=${*: -1}
	printf '%s\n' "${@:1:$#-1}" >script
	remember_image image
	run_e4zero 0 --json --dry-run --script script image
	same "a dry run of $1" "$(edits | sed '$d')" "$(sed '$d' <<<"$want")"
	image_unchanged image
	run_e4zero 0 --json --script script image
	same "$1" "$(edits)" "$want"
	sound image
}

make_image fresh 16M -O verity
head -c 12288 /dev/zero | tr '\0' x >three
debugfs_script fresh <<-END
	mkdir log
	mkdir log/a*
	mkdir log/.git
	write three log/1.log
	write three log/2.log
	write three log/3.txt
	write three log/*.md
	write three log/a*/4.log
	write three log/.git/5.log
	ln log/1.log log/a*/again.log
	sif log/1.log links_count 2
	symlink log/l.log 1.log
	symlink log/dir.log a*
	cd log
	mknod n.log c 1 3
	cd /
	mkdir log/d.log
	write three log/d.log/6.log
END
cp fresh image
sound image

runs 'truncate /log/*.log 100' $'/log/1.log\n/log/2.log\n2 4 1'
same 'skipped' "$(records skipped path why)" \
	"/log/d.log a directory
/log/dir.log a symbolic link
/log/l.log a symbolic link
/log/n.log a device, pipe or socket"
run_e4zero 0 --map --json image '/log/*.log'
# all depths, each file once under its first name
runs 'truncate /log/**/*.log 50' $'/log/1.log\n/log/2.log\n/log/a*/4.log\n/log/d.log/6.log\n4 3 1'
runs 'truncate /log/.*/* 50' $'/log/.git/5.log\n1 0 1'
# quoting: a name, or a pattern with a name in it
runs 'truncate "/log/*.md" 20' $'/log/*.md\n1 0 1'
runs 'truncate /log/\*.md 30' $'/log/*.md\n1 0 1'
runs 'truncate "/log/a*"/* 40' $'/log/a*/4.log\n/log/a*/again.log\n2 0 1'
# an existing name wins
runs 'truncate /log/*.md 60' $'/log/*.md\n1 0 1'
# several lines, and a pattern that is done twice
cp fresh image
runs '# a comment with a *' 'truncate /log/?.log 9000' 'flush' 'punch-hole /log/[12].log 0 4096' 'write /log/2.log 5 from=script' \
	$'/log/1.log\n/log/2.log\n/log/1.log\n/log/2.log\n/log/2.log\n2 3 1'
# what is done once is not done once for each name
cp fresh image
head -c 8192 three >two
runs 'collapse-range /log/**/*.log 0 4096' $'/log/1.log\n/log/2.log\n/log/a*/4.log\n/log/d.log/6.log\n4 3 1'
holds image '/log/1.log' two
# commits between
cp fresh image
runs 'truncate /log/1* 0' commit 'truncate /log/2* 0' $'/log/1.log\n/log/2.log\n2 0 2'
[ "$("$E4ZERO" --script - image <<<'truncate /log/[123].* 1' | wc -l)" = 4 ] || fail 'the text'

# refused as a whole: nothing is written
cp fresh image
debugfs_script image <<<'sif log/2.log flags 0x180000'
refused() {
	printf '%s\n' "${@:3}" >script
	untouched "$1" "$2" image --script script image
	untouched "$1" "$2" image --dry-run --script script image
}
refused 8 'line 1: /log/2\.log: .*verity' 'truncate /log/[12].log 0'
refused 8 'line 2: /log/x\*: no file matches; --allow-none permits this$' 'truncate /log/1.log 0' 'truncate /log/x* 0'
refused 8 'line 1: /log/n\*: no regular file matches' 'truncate /log/n* 0'
refused 8 'line 1: /log/\[\[:x:\]\]\*: unknown character class' 'truncate /log/[[:x:]]* 0'
refused 8 'line 1.*No such file' 'truncate "/log/[13].txt" 0'
refused 8 'line 1.*directory' 'truncate /log 0'
refused 8 'line 1.*directory' 'truncate /log/a* 0'
refused 16 'line 1, column 10' 'truncate log/* 0'
refused 16 'line 1, column 13' 'truncate /*b'
run_e4zero 0 --json --allow-none --script - image <<<'truncate /log/x* 0'
printf 'truncate /log/x* 0\ntruncate /log/1* 1\ntruncate /log/n* 1\n' >script
run_e4zero 0 --json --allow-none --script script image
same 'none is allowed' "$(edits)" $'/log/1.log\n1 1 1'

# --convert: one transaction, what is exempt is skipped unless it is named
cp fresh image
: >empty
debugfs_script image <<-END
	sif log/2.log flags 0x180000
	write empty log/z.log
	fallocate log/z.log 0 2
	sif log/z.log size 12288
	write empty log/a*/y.log
	fallocate log/a*/y.log 0 2
	sif log/a*/y.log size 12288
END
run_e4zero 0 --json --convert hole image '/log/**/*.log'
same 'convert' "$(jq -r 'select(.type == "edit" and .blocks_freed > 0) | .path' out)" $'/log/a*/y.log\n/log/z.log'
same 'exempt' "$(records skipped why | grep -c verity)" 1
same 'the summary' "$(records summary files skipped transactions)" '5 4 1'
untouched 8 verity image --convert hole image /log/2.log
remember_image image
run_e4zero 0 --convert hole image /log
image_unchanged image
