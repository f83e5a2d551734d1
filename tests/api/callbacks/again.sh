#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A call that a callback must not make is refused, and the image is the same as without the call.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/mmp/common.sh"
again=$builddir/tests/api/callbacks/again
[ -x "$again" ] || skip 'tests/api/callbacks/again is not built'

# every function that changes an image is tried
grep -oE '\be4z_\w+\(struct e4z_image \*' "$srcdir/lib/e4zero.h" | sed 's/(.*//' | sort -u >functions
[ "$(wc -l <functions)" -gt 25 ] || fail 'the functions are not found in e4zero.h'
while read -r function; do
	case $function in
	e4z_peek) ;; # allowed
	*) grep -qE "^\s(REFUSED\(spot, )?$function\(" "$srcdir/tests/api/callbacks/again.c" || fail "no callback tries $function" ;;
	esac
done <functions

edit_image image
debugfs_script image <<-END
	write small orphan
	sif small size 50
	sif orphan size 50
END
debugfs_script image <<<"ssv last_orphan $(ino_of image /orphan)"
"$again" image undo || fail 'again'
[ -s trace ] || fail 'there is no trace'
[ ! -e no-trace ] && [ ! -e no-undo ] || fail 'a file was made'
{ head -c 100 ten; head -c 5000 /dev/zero | tr '\0' r; tail -c +5101 ten; } >want
head -c 8192 /dev/zero >zeroes
head -c 50 small >fifty
holds image /file want /empty zeroes /small fifty /orphan fifty
sound image

mmp_image protected
"$again" wait protected || fail 'wait'
holds protected /file <(head -c 5 ten)
sound protected
