#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --fix on a bad disk: a tail that cannot be read is left and named and the rest is done; a write, a zeroing or a
# barrier that fails ends it at once, with 12, or with 8 where no byte was changed; what is left recovers.
# It takes some of all the steps that can fail; all of them with EVERY=1, which check-crash does.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/common.sh"
requires python3
. "$srcdir/tests/edit/faults/faulty.sh"

only=

# bad STATUS NAME=VALUE...: --fix of work, on such a disk
bad() {
	local want=$1 rc
	shift
	env LD_PRELOAD="$tmp/faulty.so" FAULTY_FILE="$tmp/work" FAULTY_COUNT="$tmp/count" "$@" \
		"$E4ZERO" --json --fix ${only:+--only $only} work >out 2>err </dev/null
	rc=$?
	[[ " $want " = *" $rc "* ]] || fail "$*: exit $rc, wanted $want: $(cat err)"
	return 0
}

# the content and the sizes of all files
facts() {
	printf 'stat %s\ncat %s\n' file file small small tail tail blind blind other other >asked
	debugfs -f asked "$1" 2>/dev/null | grep -aE 'Size: [0-9]+$|text'
}

poke() {
	python3 "$srcdir/tests/images/imgpoke.py" "$1" block "$(debugfs -R "bmap $2" "$1" 2>/dev/null)" "$3" 736563726574 ||
		fail 'imgpoke'
}

# a tail in two files, four blocks past EOF in one and one in another, which is the last that e2fsck does not see
stain() {
	yes 'line of text' | head -c 20480 >twenty
	debugfs_script "$1" <<-'END'
		write ten other
		write twenty tail
		write twenty blind
		sif tail size 3000
		sif blind size 16384
	END
	poke "$1" '/small 0' 200
	poke "$1" '/other 2' 3000
}

# what a failure left: exit 8 means that nothing was changed; it recovers; running again finishes it
recovers() {
	local rc=$1 what=$2
	if [ "$rc" = 8 ]; then
		cmp -s image work || fail "$what: exit 8, but the image was changed"
	fi
	run_e4zero 0 --replay work
	facts work >after
	cmp -s before after || fail "$what: a file is not what it was"
	run_e4zero 0 --json --fix work
	e2fsck -fn work >e2fsck.out 2>&1 || fail "$what: e2fsck: $(cat e2fsck.out)"
	facts work >after
	cmp -s before after || fail "$what: a file is not what it was after the second one"
	! grep -aq secret work || fail "$what: a tail is left"
}

edit_image image
stain image
facts image >before

# a tail that cannot be read
cp --sparse=always image work
at=$(($(debugfs -R 'bmap /small 0' image 2>/dev/null) * 4096 + 1000))
bad 4 FAULTY_READ=$at
same 'left' "$(jq -r 'select(.type == "finding" and .fixed == false) | "\(.kind) \(.path) \(.why)"' out)" \
	'unreadable /small a block cannot be read'
same 'fixed' "$(field fixed summary)" 4
same 'stale tails now' "$("$E4ZERO" --json work | jq -r 'select(.type == "finding") | .kind + .path')" stale-tail/small
facts work >after
cmp before after || fail 'a file is not what it was'
run_e4zero 0 --fix work
sound work

step=8 first=0
[ -z "${BROAD-}" ] || step=3
[ -z "${EVERY-}" ] || step=1
# of whole blocks alone no byte is written before they are zeroed
for kind in '' -sparse -behind; do
	for error in 5 28; do
		[ "$error$kind" != 28 ] && [ "$error$kind" != 28-behind ] || continue
		[ "$kind" != -behind ] || only=post-eof-data
		tried=0 n=$((first++ % step + 1 - step))
		while :; do
			n=$((n + step)) tried=$((tried + 1))
			cp --sparse="$([ -n "$kind" ] && echo always || echo never)" image work
			rm -f count
			bad '0 8 12' FAULTY_STEP=$n FAULTY_ERRNO=$error
			rc=$(records summary exit)
			[ "$rc" != 0 ] || break
			same "steps after the failed one, $n$kind" "$(cut -d ' ' -f 1 count)" "$n"
			recovers "$rc" "step $n$kind, error $error"
		done
		[ -n "$only" ] || sound work
		[ "$n" -gt 10 ] || fail "only $n steps"
		echo "$((tried - 1)) failures with error $error$kind"
	done
done

# the undo file: of 8 there is none, of 12 it takes all back at once, whether the image's disk failed or its own
for bad in work undo; do
	n=0
	while :; do
		n=$((n + 1))
		cp --sparse=never image work
		rm -f undo
		LD_PRELOAD=$tmp/faulty.so FAULTY_FILE=$tmp/$bad FAULTY_STEP=$n "$E4ZERO" --fix --undo undo work >out 2>err </dev/null
		rc=$?
		case $rc in
		0) break ;;
		8) [ ! -e undo ] || fail "$bad, step $n: an undo file is left of nothing" ;;
		12)
			grep -q ', or undo it now with --undo-apply undo$' err || fail "$bad, step $n: $(cat err)"
			run_e4zero 0 --undo-apply undo work
			;;
		*) fail "$bad, step $n: exit $rc: $(cat err)" ;;
		esac
		cmp image work || fail "$bad, step $n: exit $rc, and the image is not what it was"
		[ $bad = work ] || grep -q 'undo file' err || [ $rc = 12 ] || fail "$bad, step $n: $(cat err)"
	done
	[ $n -gt 10 ] || fail "only $n steps"
done
