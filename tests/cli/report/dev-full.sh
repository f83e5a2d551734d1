#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Standard output that is full or closed: exit 8 and a sentence, for every form; nothing to print, nothing to fail.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

[ -c /dev/full ] || skip 'no /dev/full'
make_image empty 8M
stale_image stale
many_tails many 1200
remember_image empty stale many

# lost STATUS ARGUMENTS...
lost() {
	local rc
	"$E4ZERO" "${@:2}" >/dev/full 2>err </dev/null
	rc=$?
	[ $rc = "$1" ] || fail "e4zero ${*:2} >/dev/full: exit $rc, wanted $1"
	[ "$1" != 8 ] || grep -q 'standard output.*No space left' err || fail "${*:2}: $(cat err)"
	"$E4ZERO" "${@:2}" >&- 2>err </dev/null
	rc=$?
	[ $rc = "$1" ] || fail "e4zero ${*:2} >&-: exit $rc, wanted $1"
	[ "$1" != 8 ] || grep -q 'standard output' err || fail "${*:2}: $(cat err)"
}
lost 8 --help
lost 8 --version
lost 8 empty
lost 8 stale
lost 8 many
lost 8 --json empty
lost 8 --json many
lost 8 --json --bogus
lost 0 -q empty
lost 4 -q many
# all three closed: the image must not take the place of one of them
"$E4ZERO" stale >&- 2>&- <&-
same 'exit with everything closed' $? 8
image_unchanged empty stale many
