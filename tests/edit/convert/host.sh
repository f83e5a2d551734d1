#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --convert written and the host: a sparse image stays as sparse as it was, what the host has data for becomes holes of
# it; an image that is fully allocated keeps its reservation; holes are neither read nor written; it can be taken back.
on_disk=1
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/convert/common.sh"

host_blocks() {
	stat -c %b image
}

# 1 GiB of unwritten blocks that the host has nothing of
truncate -s 2G image
mke2fs -q -F -t ext4 -b 4096 -J size=4 image >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
: >empty
debugfs_script image <<-END2
	write empty file
	fallocate file 0 262143
	sif file size 1073741824
END2
run_e4zero 0 --replay image
before=$(host_blocks)
rm -f trace
run_e4zero 0 --trace-io trace --convert written image /file
same 'states' "$(states image /file)" '0+262144:written'
! grep -q '^zero' trace || fail "a hole was zeroed: $(grep ^zero trace)"
# the journal and the homes may be new to the host
[ $(($(host_blocks) - before)) -le $((6 * 2048)) ] || fail "$before host blocks became $(host_blocks)"
sound image
run_e4zero 0 --json --convert unwritten image
[ "$(field bytes_read summary)" -lt 100000000 ] || fail "$(field bytes_read summary) bytes were read"
same 'states' "$(states image /file)" '0+262144:unwritten'
sound image

# old bytes under the blocks: they become holes of the host file, if it is sparse at all
dirty_image image 32 4096
fallocate -p -o 32505856 -l 1048576 image || skip 'no holes can be made here'
cp image old
before=$(host_blocks)
rm -f trace
run_e4zero 0 --trace-io trace --undo undo --convert written image
contents image
sound image
grep -q '^zero' trace || fail "nothing was zeroed: $(cat trace)"
[ "$(host_blocks)" -le $((before - 20 * 8)) ] || fail "$before host blocks became $(host_blocks)"
run_e4zero 0 --undo-apply undo image
cmp image old || fail 'the undo file does not take it back'

# fully allocated: zeroed in place
dirty_image image 32 4096
before=$(host_blocks)
run_e4zero 0 --convert written image
[ "$(host_blocks)" -ge "$before" ] || fail "$before host blocks became $(host_blocks)"
contents image
sound image
