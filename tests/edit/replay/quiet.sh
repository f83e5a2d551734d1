#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A log that holds transactions although the superblock does not say so, as after a backup superblock was restored:
# none of them is written to its final location before the superblock says so, so that after a crash a kernel replays
# the log and does not wipe it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"

requires python3
requires strace
strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
export ASAN_OPTIONS=detect_leaks=0

recovers() {
	dumpe2fs -h "$1" 2>/dev/null | grep -q needs_recovery
}

# killed at the N-th write
cut() {
	local rc
	{
		strace -o /dev/null -e trace=pwrite64,pwritev -e "inject=pwritev,pwrite64:signal=KILL:when=$1" \
			"$E4ZERO" "${@:2}" >out </dev/null
		rc=$?
	} 2>err
	[ $rc = 0 ] || [ $rc = 137 ] || fail "${*:2}: exit $rc: $(cat err)"
	return $rc
}

broad kinds 1 '' '-O ^metadata_csum' '-O bigalloc'
for kind in "${kinds[@]}"; do
	# shellcheck disable=SC2086 # options
	edit_image before $kind
	cp before other
	debugfs_script other <<-END2
		mkdir new
		write ten new/file
		write small some
	END2
	python3 "$srcdir/tests/images/mklog.py" before --quiet --become other || fail mklog.py
	! recovers before || fail 'it says so'
	remember_image before
	run_e4zero 0 --json before
	same view "$(field view image)" replayed
	image_unchanged before

	for verb in --replay --fix '--truncate 5'; do
		file=()
		[ "$verb" != '--truncate 5' ] || file=(/file)
		for ((n = 1; ; n++)); do
			cp before image
			# shellcheck disable=SC2086 # a verb and its argument
			cut $n $verb image "${file[@]}" && break
			recovers image || cmp -s before image || {
				# done but for the end
				"$E4ZERO" --json image >out && same "$kind, $verb killed at write $n: journal" "$(field journal image)" clean
			}
			run_e4zero 0 --replay image
			sound image
			holds image /new/file ten /some small
		done
		[ $n -gt 3 ] || fail "$verb: $n writes"
	done
done

# and with an undo file all of it comes back
cp before image
run_e4zero 0 --undo undo --replay image
! cmp -s before image || fail 'nothing was done'
run_e4zero 0 --undo-apply undo image
cmp before image || fail 'it is not taken back'
