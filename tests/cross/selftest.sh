#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The comparison of tests/cross finds no difference between two equal programs, and finds a wrong byte in each kind of output
# that it compares. The other program is a wrapper of e4zero that then changes something.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

requires python3
requires dumpe2fs
stale_image plain
cp plain bigger
cat >other <<-'END2'
	#!/bin/bash
	"$E4ZERO" "$@" >.said
	rc=$?
	case $WRONG in
	status) rc=$((rc + 1)) ;;
	output) sed -i '1s/[a-z]/X/' .said ;;
	error) echo wrong >&2 ;;
	image) printf '\001' | dd of=image bs=1 seek=300 conv=notrunc status=none ;;
	trace | undo.*) for file in $WRONG; do [ ! -f "$file" ] || printf x >>"$file"; done ;;
	esac
	cat .said
	rm .said
	exit $rc
END2
chmod +x other
export E4ZERO WRONG

# compare STATUS OPERATIONS
compare() {
	local rc
	PYTHONDONTWRITEBYTECODE=1 python3 "$srcdir/tests/cross/compare.py" "$E4ZERO" "$tmp/other" 1 "$2" plain bigger >said 2>&1
	rc=$?
	[ $rc = "$1" ] || fail "${WRONG:-nothing} is wrong: exit $rc, wanted $1: $(cat said)"
}

WRONG='' compare 0 30
has_line '^30 operations on 2 images, 0 differences$' said || fail "$(cat said)"
for WRONG in status output error image trace 'undo.*'; do
	compare 1 20
	has_line '^[0-9]+ operations on 2 images, 2 differences$' said || fail "$WRONG: $(cat said)"
	case $WRONG in status) what=status ;; output | error) what="standard $WRONG" ;; *) what=$WRONG ;; esac
	has_line "^DIFFERENT: plain: .*: $what" said || fail "$WRONG: $(cat said)"
done
