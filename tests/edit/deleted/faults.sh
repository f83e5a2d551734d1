#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Freeing what was deleted while it was open, on a disk that fails at a step: what is left recovers, e2fsck makes of it what it
# makes of the whole, and running again finishes it; also between the transactions of a file that is larger than the journal.
# It takes some of all the steps that can fail; all of them with EVERY=1, which check-crash does.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
. "$srcdir/tests/edit/deleted/common.sh"
requires python3
. "$srcdir/tests/edit/faults/faulty.sh"

text ten 10000 $'SECRET bytes\n'
text value 300 'SECRETVALUE'
text kept 5000 $'line of text\n'

# small: attributes that are shared, a directory, an indirect map or extents
small() {
	make_image image 24M -b 1024 -I 128 "$@"
	printf '%s\n' 'write kept keep' 'write ten f' 'write ten g' 'mkdir dir' 'ea_set f user.secret -f value' | debugfs_script image
	local block
	block=$(debugfs -R 'stat f' image 2>/dev/null | sed -n 's/.*File ACL: \([0-9]*\).*/\1/p')
	printf 'sif %s file_acl '"$block"'\n' keep g | debugfs_script image
	e2fsck -fy image >e2fsck.out 2>&1
	unlink_open image g f dir
}

# large: it takes more transactions than one
large() {
	make_image image 300M -b 1024 -g 256 -N 4096 -J size=1 -O '^resize_inode' "$@"
	printf '%s\n' 'write kept keep' 'write /dev/null large' 'fallocate large 0 250000' | debugfs_script image
	unlink_open image large
}

# finished IMAGE: as the reference is, with the file that stays
finished() {
	e2fsck -fn "$1" >e2fsck.out 2>&1 || fail "$2: e2fsck: $(cat e2fsck.out)"
	same_usage "$2" "$1" reference
	holds "$1" /keep kept
}

# failing KIND STEP...: each Nth step fails
failing() {
	local kind=$1 every=$2 tried=0 n=$2 rc
	cp --sparse=always image reference
	e2fsck -fy reference >e2fsck.out 2>&1 || [ $? = 1 ] || fail "$kind: e2fsck: $(cat e2fsck.out)"
	while :; do
		cp --sparse=always image work
		rm -f count
		env LD_PRELOAD="$tmp/faulty.so" FAULTY_FILE="$tmp/work" FAULTY_COUNT="$tmp/count" FAULTY_STEP=$n FAULTY_ERRNO=5 \
			"$E4ZERO" --json --fix --only deleted-open work >out 2>err </dev/null
		rc=$?
		[ $rc != 0 ] || break
		[ $rc = 8 ] || [ $rc = 12 ] || fail "$kind, step $n: exit $rc: $(cat err)"
		tried=$((tried + 1))
		[ $rc = 12 ] || cmp -s image work || fail "$kind, step $n: exit 8, but the image was changed"
		cp --sparse=always work other
		e2fsck -fy other >e2fsck.out 2>&1 || [ $? = 1 ] || fail "$kind, step $n: e2fsck: $(cat e2fsck.out)"
		finished other "$kind, step $n, e2fsck"
		run_e4zero 0 --json --fix --only deleted-open work
		finished work "$kind, step $n"
		n=$((n + every))
	done
	finished work "$kind without a failure"
	[ $tried -gt 3 ] || fail "$kind: only $tried failures"
	echo "$kind: $tried failures of $n steps"
}

few=3 fewer=9
[ -z "${BROAD-}" ] || few=2 fewer=4
[ -z "${EVERY-}" ] || few=1 fewer=1
small -O ^extent,^64bit,^metadata_csum
failing indirect $few
small -O orphan_file
failing extents $few
large -O ^orphan_file
failing large $fewer
