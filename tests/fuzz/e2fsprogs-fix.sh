#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix of e2fsprogs' own test images, as they are and after e2fsck -fy: no file loses a byte, e2fsck reports nothing
# new, and a refused image is not changed.
#
# With ALL=1 it is --fix --all.
#
# E2FSPROGS_TESTS is the directory tests/ of a checkout of e2fsprogs; none of its files is kept.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

[ -n "${E2FSPROGS_TESTS-}" ] || skip 'E2FSPROGS_TESTS names no folder of e2fsprogs test images'
requires gzip
requires bzip2
. "$srcdir/tests/fuzz/fixes.sh"

while read -r packed; do
	label=${packed#"$E2FSPROGS_TESTS/"}
	rm -f image
	case $packed in
	*.tar.*) continue ;;
	*.gz) gzip -dc "$packed" 2>/dev/null | cp --sparse=always /dev/stdin image ;;
	*) bzip2 -dc "$packed" 2>/dev/null | cp --sparse=always /dev/stdin image ;;
	esac
	[ -s image ] || continue
	fixes
	label="$label after e2fsck -fy"
	timeout 60 e2fsck -fy image >/dev/null 2>&1
	fixes
done < <(find "$E2FSPROGS_TESTS" -name '*.gz' -o -name '*.bz2' | sort)
told images
[ $images -gt 0 ] || fail "no images in $E2FSPROGS_TESTS"
[ $bad = 0 ]
