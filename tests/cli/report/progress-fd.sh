#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Progress: lines as of e2fsck -C on a descriptor, a bar only on a terminal; the report is not disturbed.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

stale_image image
run_e4zero 4 image
mv out plain

run_e4zero 4 -C 3 image 3>lines
cmp plain out || fail '-C changes the report'
[ -s lines ] || fail 'no progress lines'
awk '!/^[123] [0-9]+ [0-9]+ image$/ || $2 > $3 || $1 < pass || ($1 == pass && $2 < at) {
	print "line " NR ": " $0; exit 1
} { pass = $1; at = $2 }' lines || fail 'a progress line is wrong'
run_e4zero 4 --progress=3 image 3>again
# the names of files are pass 3, as e4zero(8) has it: a check has no pass over blocks
[ "$(cut -d' ' -f1 lines | uniq | paste -sd' ')" = '1 3' ] || fail "passes $(cut -d' ' -f1 lines | uniq | paste -sd' ')"
cut -d' ' -f1,4 again | uniq >got
cut -d' ' -f1,4 lines | uniq >wanted
cmp wanted got || fail '--progress=3 and -C 3 differ'
# a descriptor that fails is reported, and does not fail the check
if [ -c /dev/full ]; then
	run_e4zero 4 -C 3 image 3>/dev/full
	cmp plain out || fail 'a full descriptor changes the report'
	same 'messages' "$(grep -c 'progress' err)" 1
fi

for how in --progress '-C 0'; do
	# shellcheck disable=SC2086 # words
	run_e4zero 4 $how image
	! grep -q '%' err || fail "$how: a bar without a terminal: $(cat err)"
done
requires script
"$E4ZERO" --version >/dev/null || fail 'no program'
script -qec "'$E4ZERO' --progress image" typescript </dev/null >/dev/null
grep -q '| 100.0%' typescript || fail 'no bar on a terminal'
for label in tables names; do
	grep -q "image: $label *|" typescript || fail "no bar of a pass over $label"
done
! grep -q 'image: blocks' typescript || fail 'a bar of a pass over blocks, which a check does not have'
E2FSPROGS_SKIP_PROGRESS=1 script -qec "'$E4ZERO' --progress image" typescript </dev/null >/dev/null
! grep -q '100.0%' typescript || fail 'E2FSPROGS_SKIP_PROGRESS is not heeded'
