#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all in the block of multiple mount protection: names, time and padding go with the last write of an edit.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/mmp/common.sh"

mmp_image image
# the name of a host, of a device, what is after the structure
other_host image set:ff4d4d50
pollute image $((mmp_at + 2000)) canary
remember_image image
run_e4zero 4 --json --check --all image
same 'its class' "$(jq -c 'select(.type == "ledger") | .classes[] | select(.class == "mmp-slack") | [.places, .bytes]' out)" '[1,4082]'
same 'the rest of it' "$(jq -c 'select(.type == "ledger") | .classes[] | select(.class == "mmp") | .bytes' out)" 14
same 'the sum' "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
same 'the finding' "$(records finding kind pblk fixable | grep mmp)" "mmp-slack $((mmp_at / 4096)) true"
run_e4zero 0 --fix --only mmp-slack --dry-run image
image_unchanged image
run_e4zero 0 --json --fix --only mmp-slack image
summary fixed left
# shellcheck disable=SC2154 # summary makes them
same 'fixed' "$fixed $left" '1 0'
python3 - $mmp_at <<-'END' || fail 'the block is not zero where nobody reads it'
	import sys
	block = open('image', 'rb').read()[int(sys.argv[1]):][:4096]
	assert block[:8] == b'PMM\0PMM\xff', block[:8]
	assert not any(block[8:112]) and not any(block[114:1020]) and not any(block[1024:])
END
sound image
run_e4zero 0 --check --only mmp-slack image
remember_image image
run_e4zero 0 --fix --only mmp-slack image
image_unchanged image

# together with all else: one time in which it is taken
run_e4zero 0 --json --fix --all image
run_e4zero 0 --check --all image
same 'the block' "$(mmp_seq image)" ff4d4d50

# a block that is in use is nobody's slack
other_host image set:5
run_e4zero 0 --json --check --only mmp-slack image
