# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of quota share. Source it after tests/lib.sh.

. "$srcdir/tests/edit/common.sh"
requires python3
# the blocks that only a time changes are the same in a dry run
export SOURCE_DATE_EPOCH=1700000000
all=quotatype=usrquota:grpquota:prjquota

# quota_image IMAGE [mke2fs options]: that of edit_image, with quota of all types, and owners: /file and /small of user
# 1000, group 100 and project 7, /empty of user 70000, group 70001 and project 100000.
quota_image() {
	edit_image "$1" -I 256 -O quota,project -E "$all" "${@:2}"
	own "$1" file 1000 100 7
	own "$1" small 1000 100 7
	own "$1" empty 70000 70001 100000
	count_usage "$1"
}

# own IMAGE FILE USER GROUP PROJECT
own() {
	debugfs_script "$1" <<-END2
		sif $2 uid $3
		sif $2 gid $4
		sif $2 projid $5
	END2
}

# count_usage IMAGE: debugfs and mke2fs do not
count_usage() {
	e2fsck -fy "$1" >e2fsck.out 2>&1 || [ $? = 1 ] || fail "e2fsck $1: $(cat e2fsck.out)"
	counted "$1"
}

usage() {
	python3 "$srcdir/tests/edit/quota/usage.py" "$@"
}

# counted IMAGE: the usage is right, for e2fsck and for a reader of our own
counted() {
	sound "$1"
	[[ $(<e2fsck.out) != *[Qq][Uu][Oo][Tt][Aa]* ]] || fail "e2fsck $1: $(cat e2fsck.out)"
	usage sums "$1" >usage.out || fail "$1: $(cat usage.out)"
}
