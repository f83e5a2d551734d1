#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A block bitmap that lies: what is in use and called free is named and kept, and so is everything near it.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

for layout in '24M -b 1024' '24M -b 1024 -O ^metadata_csum' '24M -b 1024 -O ^metadata_csum,uninit_bg'; do
	canary_image image "$layout"
	block=$(physical image /ten 3)
	before=$(debugfs -R 'cat /ten' image 2>/dev/null | cksum)
	debugfs -w -R "freeb $block" image >debugfs.log 2>&1
	run_e4zero 4 --json --check --all image
	same "missing in the sum of $layout" \
		"$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
	[ "$(class disputed bytes)" -ge 1024 ] || fail "$layout: nothing is disputed: $(cat out)"
	run_e4zero 4 --json --fix --only free image
	same "the content of $layout" "$(debugfs -R 'cat /ten' image 2>/dev/null | cksum)" "$before"
	# the groups that nobody doubts are done
	[ "$(records summary fixed)" -gt 0 ] || fail "$layout: no group was scrubbed"
	report=out records finding kind group fixable fixed | grep -q '^disputed 0 false false$' ||
		fail "$layout: the group is not named: $(cat out)"
done

# used and nobody's: leaked
canary_image image '24M -b 1024'
debugfs -w -R 'setb 20000' image >debugfs.log 2>&1
e2fsck -fn image >e2fsck.out 2>&1
run_e4zero 4 --json --check --only free image
same 'disputed, as the number of free blocks is wrong' "$(records finding kind | sort -u | tr '\n' ' ')" \
	'disputed free-block '
canary_image image '24M -b 1024'
printf 'clri <%s>\n' "$(ino_of image /ten)" | debugfs -w -f - image >debugfs.log 2>&1
run_e4zero 4 --json --check --all image
same 'leaked bytes' "$(class leaked-block bytes)" 10240

# a linked inode that only the bitmap calls unused: e2fsck will take it, so that its blocks are not touched
canary_image image '24M -b 1024'
before=$(debugfs -R 'cat /dir/large' image 2>/dev/null | cksum)
python3 "$srcdir/tests/edit/all/unuse.py" image "$(ino_of image /dir/large)" || fail unuse.py
run_e4zero 4 --json --fix --all image
same 'leaked or disputed' "$(class leaked-block bytes) $(class disputed bytes)" '0 0'
records finding kind why | grep -q '^free-block a block may belong' || fail "its blocks are not named: $(cat out)"
same 'the content of what looks unused' "$(debugfs -R 'cat /dir/large' image 2>/dev/null | cksum)" "$before"
e2fsck -fy image >/dev/null 2>&1
same 'what e2fsck makes of it' "$(debugfs -R 'cat /dir/large' image 2>/dev/null | cksum)" "$before"
