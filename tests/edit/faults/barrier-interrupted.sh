#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A barrier that the host interrupts (EINTR, as FUSE and NFS may) is asked for again; one that fails otherwise is not.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires strace
strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
export ASAN_OPTIONS=detect_leaks=0

# interrupted WHEN STATUS ERROR ARGUMENTS...
interrupted() {
	local want=$2 rc
	strace -o calls -e trace=fdatasync,fsync -e "inject=fdatasync,fsync:error=$3:when=$1" "$E4ZERO" "${@:4}" >out 2>err </dev/null
	rc=$?
	[ $rc = "$want" ] || fail "${*:4}: exit $rc, wanted $want: $(cat err)"
	[ "$(grep -c "= -1 $3 " calls)" -gt 0 ] || fail "${*:4}: nothing was interrupted"
}

for kind in '' '-O ^has_journal'; do
	# shellcheck disable=SC2086 # options
	edit_image before $kind
	head -c 5000 ten >model
	cp before image
	interrupted 1+2 0 EINTR --undo undo --truncate 5000 image /file
	holds image /file model
	sound image
	interrupted 1+2 0 EINTR --undo-apply undo image
	cmp image before || fail 'it is not taken back'
	rm undo
	interrupted 2 12 EIO --truncate 5000 image /file
	[ "$(wc -l <calls)" -le 3 ] || fail "a barrier that failed was asked for again: $(cat calls)"
done
