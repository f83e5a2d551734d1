#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The exit status: 0 nothing found, 4 findings, 8 refused. (16: command-line.sh, 32: signal.sh)
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/images/recipes.sh"

make_image empty 8M
stale_image stale
run_e4zero 0 empty
run_e4zero 0 --check empty
run_e4zero 0 --fsck-codes empty
run_e4zero 4 stale
run_e4zero 4 -q --fsck-codes stale

refused() {
	run_e4zero 8 "$@"
	[ ! -s out ] || fail "a report in spite of: $*"
	same "lines of message about $*" "$(grep -c '^e4zero: ' err)" 1
}
: >nothing
mkdir directory
mkfifo fifo
head -c 1048576 /dev/zero >blank
for image in missing nothing directory fifo blank; do
	refused "$image"
	grep -q "^e4zero: $image: " err || fail "the message does not name $image: $(cat err)"
done
