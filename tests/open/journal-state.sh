#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A log that was not replayed is replayed in memory, without writing; a corrupt one is refused.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
. "$srcdir/tests/open/common.sh"

requires mke2fs
requires debugfs
requires python3
make_ext fs.img 24M -b 1024
yes stale | head -c 3000 >file
debugfs -w -R 'write file file' fs.img >/dev/null 2>&1
debugfs -w -R 'sif /file size 2100' fs.img >/dev/null 2>&1
run_e4zero 4 --check fs.img

# the log holds the file's last block as it should be, and nothing else
block=$(debugfs -R 'bmap /file 2' fs.img 2>/dev/null)
{ head -c 2100 file | tail -c 52; head -c 972 /dev/zero; } >tail
debugfs -w -f /dev/stdin fs.img >/dev/null 2>&1 <<-END
	jo
	jw -b $block tail
	jc
END
dumpe2fs -h fs.img 2>/dev/null | grep -q needs_recovery || fail 'debugfs wrote no transaction'
remember_image fs.img
run_e4zero 0 --check --json fs.img
grep -q '"journal":"needs-replay","view":"replayed"' out || fail 'the view is not said'
image_unchanged fs.img
python3 "$srcdir/tests/witness/witness.py" fs.img >witness.out || fail "the witness sees another log: $(cat witness.out)"

# the flag without a transaction: no transaction follows it
make_ext fs.img 24M
debugfs -w -R 'feature needs_recovery' fs.img >/dev/null 2>&1
run_e4zero 0 --check fs.img

# a log whose superblock is destroyed
bs=$(dumpe2fs -h fs.img 2>/dev/null | sed -n 's/^Block size: *//p')
log=$(debugfs -R 'bmap <8> 0' fs.img 2>/dev/null)
printf 'XXXX' | dd of=fs.img bs=1 seek=$((log * bs)) conv=notrunc status=none
remember_image fs.img
refuses 'journal' fs.img
image_unchanged fs.img

# a journal's inode without a block: there is nothing to look into, and nothing to edit with
for type in ext3 ext4; do
	rm -f fs.img
	mke2fs -q -F -t $type fs.img 24M >mke2fs.log 2>&1 || fail "mke2fs: $(cat mke2fs.log)"
	debugfs -w -R 'punch <8> 0 100000' fs.img >/dev/null 2>&1
	remember_image fs.img
	run_e4zero 0 --check fs.img
	run_e4zero 8 --replay fs.img
	grep -q 'journal' err || fail "$type: $(cat err)"
	image_unchanged fs.img
done
