#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A check needs no right to write: a read-only file in a read-only directory of somebody else is checked.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

mkdir place
stale_image place/image
chmod 0444 place/image
chmod 0555 place
cleanup_fn chmod 0755 "$tmp/place"
remember_image place/image
as=()
if [ "$(id -u)" = 0 ]; then
	requires setpriv
	chmod 0755 "$tmp"
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${as[@]}" test -r place/image || skip 'another user cannot reach the temporary directory'
	# where the program was built, another user may have no way to it
	cp "$E4ZERO" ./program && chmod 0755 program || fail 'cannot copy the program'
	E4ZERO=$tmp/program
	! "${as[@]}" test -w place/image || fail 'the image can be written after all'
fi
"${as[@]}" "$E4ZERO" --json place/image >out 2>err </dev/null
rc=$?
[ $rc = 4 ] || fail "exit $rc, wanted 4: $(cat err)"
same findings "$(grep -c '"type":"finding"' out)" 2
chmod 0000 place/image
if [ "$(id -u)" = 0 ]; then
	"${as[@]}" "$E4ZERO" place/image >out 2>err </dev/null
	same 'exit without the right to read' $? 8
else
	run_e4zero 8 place/image
fi
grep -q 'Permission denied' err || fail "no reason: $(cat err)"
chmod 0444 place/image
image_unchanged place/image
