#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# E2FSPROGS_FAKE_TIME is the time of an edit and SOURCE_DATE_EPOCH its upper bound: the same edit of the same image
# gives the same bytes; without them mtime and ctime are the present.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

export E2FSPROGS_FAKE_TIME=1600000000
edit_image fresh
unset E2FSPROGS_FAKE_TIME
times() {
	debugfs -R 'stat /file' "$1" 2>/dev/null | sed -n 's/^ *\([mc]time\): 0x\([0-9a-f]*\).*/\1 \2/p' | sort | paste -sd' '
}

for how in E2FSPROGS_FAKE_TIME=1700000000 SOURCE_DATE_EPOCH=1700000000; do
	for features in journal none; do
		cp fresh base
		[ $features = journal ] || debugfs -w -R 'feature ^has_journal' base >debugfs.log 2>&1
		cp base one
		cp base two
		for image in one two; do
			env $how "$E4ZERO" -q --truncate 5000 $image /file || fail "$how $image: exit $?"
			env $how "$E4ZERO" -q --truncate 1M $image /file || fail "$how $image: exit $?"
		done
		cmp one two || fail "$how: two runs differ"
		! cmp -s base one || fail 'nothing was edited'
		same "$how" "$(times one)" 'ctime 6553f100 mtime 6553f100'
	done
done

cp fresh one
before=$(date +%s)
env SOURCE_DATE_EPOCH=99999999999 "$E4ZERO" -q --truncate 5000 one /file || fail "exit $?"
got=$((16#$(times one | cut -d' ' -f 2)))
[ $got -ge "$before" ] && [ $got -le "$(date +%s)" ] || fail "a bound in the future: $got, not the present"
