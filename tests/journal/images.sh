#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The journal images of e2fsprogs' own tests (in $E2FSPROGS_TESTS): as e2fsck does, or refused.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/journal/lib.sh"

[ -d "${E2FSPROGS_TESTS:-}" ] || skip 'E2FSPROGS_TESTS names no tests/ of e2fsprogs'
requires e2fsck
requires bunzip2

# Replayed by both, with the same result.
same='j_corrupt_revoke_block j_corrupt_revoke_csum j_recover_csum2_32bit j_recover_csum2_64bit
	j_recover_csum3_64bit f_jnl_32bit f_jnl_64bit f_jnl_errno'
# Damage in the midst of a log (e2fsck replays what comes before, and some of what comes after),
# fast commits, and journals that cannot be opened.
damaged='j_corrupt_commit_csum j_corrupt_commit_tid j_corrupt_descr_csum j_corrupt_descr_tid
	j_corrupt_journal_block j_corrupt_revoke_rcount j_recover_fast_commit j_corrupt_sb_csum
	j_corrupt_sb_magic f_jnl_etb_alloc_fail'

unpack() {
	case $1 in
	*.gz) gzip -dc "$1" ;;
	*.bz2) bunzip2 -c "$1" ;;
	esac
}

take() {
	local file
	for file in "$E2FSPROGS_TESTS/$1"/image.{gz,bz2}; do
		[ -f "$file" ] || continue
		unpack "$file" >image || fail "cannot unpack $file"
		remember_image image
		return 0
	done
	fail "$1 has no image"
}

for test in $same; do
	take "$test"
	judge_e2fsck "$test" image
	image_unchanged image
done

for test in $damaged; do
	take "$test"
	"$view" info image >info.out 2>&1
	[ $? = 3 ] || { cat info.out; fail "$test is not refused"; }
	sed "s/^/$test: /" info.out
	image_unchanged image
	refused=$((refused + 1))
done
echo "$passed comparisons, $refused refused"
