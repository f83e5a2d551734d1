#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all in the journal: all but its superblock is zero after a fix, last of all; the log goes on where it was, and whoever
# stops in the middle leaves a valid one.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"

requires python3

# log_of IMAGE: the whole log goes to ./log, and its blocks, in order, to ./log.blocks
log_of() {
	local size bytes i
	size=$(dumpe2fs -h "$1" 2>/dev/null | sed -n 's/^Block size: *//p')
	bytes=$(debugfs -R 'stat <8>' "$1" 2>/dev/null | sed -n 's/^User.* Size: *//p')
	for ((i = 0; i < bytes / size; i++)); do echo "bmap <8> $i"; done |
		debugfs -f - "$1" 2>/dev/null | grep '^[0-9]' >log.blocks
	python3 - "$1" "$size" <<-'END'
		import sys
		size, image = int(sys.argv[2]), open(sys.argv[1], 'rb')
		with open('log', 'wb') as log:
		    for block in open('log.blocks'):
		        image.seek(int(block) * size)
		        log.write(image.read(size))
	END
	same "the length of the log of $1" "$(stat -c %s log)" "$bytes"
}

# scrubbed WHAT: ./log is zero but for the first 1024 bytes
scrubbed() {
	[ "$(tail -c +1025 log | tr -d '\0' | head -c 1 | wc -c)" = 0 ] || fail "$1: the log is not zero"
}

broad some 2 '64M -b 4096 -O fast_commit -J size=8' '24M -b 1024' '64M -b 4096 -O bigalloc -C 65536' '24M -b 1024 -t ext3' \
	'64M -b 2048 -O ^metadata_csum' '64M -b 4096 -O meta_bg,^resize_inode' '24M -b 1024 -O ^64bit,^extent'
text secret 30000 'nobody is to read this '
for layout in "${some[@]}"; do
	canary_image image "$layout -E nodiscard,lazy_journal_init=1"
	run_e4zero 0 --write -o 0 --from secret image /ten
	run_e4zero 0 --truncate 0 image /ten
	log_of image
	cp log old.log
	[ "$(tail -c +1025 log | tr -d '\0' | wc -c)" -gt 1000 ] || fail "$layout: nothing is in the journal"
	remember_image image
	run_e4zero 4 --json --check --all image
	adds_up image
	same "the journal of $layout" "$(class log bytes) $(class journal bytes)" "1024 $(($(stat -c %s log) - 1024))"
	same 'its findings' "$(records finding kind | grep -c '^journal$')" 1
	same 'what is stale of it' "$(class journal stale_bytes)" "$(tail -c +1025 log | tr -d '\0' | wc -c)"
	"$E4ZERO" --json --check --only metadata image >out
	! records finding kind | grep -q '^journal$' || fail "$layout: the journal is no metadata"
	image_unchanged image

	cp image before
	run_e4zero 0 --json --fix --only journal --dry-run image
	image_unchanged image
	run_e4zero 0 --json --fix --only journal image
	summary fixed verified stale_bytes
	# shellcheck disable=SC2154 # summary makes them
	[ "$fixed" = 1 ] && [ "$verified" -ge "$stale_bytes" ] || fail "$layout: $(cat out)"
	log_of image
	scrubbed "$layout"
	cmp -s -n 1024 log old.log || fail "$layout: the superblock of the log is another one"
	python3 - <<-'END' || fail "$layout: a byte outside of the journal changed"
		old, new = open('before', 'rb').read(), open('image', 'rb').read()
		log = {int(line) for line in open('log.blocks')}
		size = len(open('log', 'rb').read()) // len(log)
		assert all(i // size in log for i in range(0, len(old), size) if old[i:i + size] != new[i:i + size])
	END
	remember_image image
	run_e4zero 0 --json --fix --only journal --trace-io trace image
	[ ! -s trace ] || fail "$layout: the second one wrote: $(head trace)"
	rm -f trace
	image_unchanged image
	run_e4zero 0 --check --only journal image

	# what comes after it goes on: an edit, e2fsck, another fix, in which the journal comes last
	run_e4zero 0 --write -o 0 --from secret image /ten
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$layout: $(cat e2fsck.out)"
	run_e4zero 0 --json --fix --all --trace-io trace image
	log_of image
	scrubbed "$layout, all"
	same 'where the journal is in the trace' "$(sed 's/.*# //' trace | uniq | tail -1)" journal
	same 'how often it begins' "$(sed 's/.*# //' trace | uniq | grep -c journal)" 1
	rm -f trace
	e2fsck -fn image >e2fsck.out 2>&1 || fail "$layout: $(cat e2fsck.out)"
	holds image /ten secret
done

# a log that waits to be replayed is stale as soon as it is
canary_image image '24M -b 1024'
block=$(physical image /dir/large 0)
head -c 1024 secret >one
printf '%s\n' jo "jw -b $block one" jc | debugfs -w -f - image >debugfs.log 2>&1
run_e4zero 4 --json --check --all image
grep -q '"journal":"needs-replay"' out || fail "the log is empty: $(cat debugfs.log)"
same 'the findings' "$(records finding kind | grep -c '^journal$')" 1
run_e4zero 0 --json --fix --only journal image
log_of image
scrubbed 'a log that was replayed'
same 'the block that was in it' "$(dd if=image bs=1024 skip="$block" count=1 status=none | cksum)" "$(cksum <one)"

# an external journal: its two superblocks stay, and so does what follows it on its device
make_image far.img 16M -O ^has_journal
text ten 10000 x
echo 'write ten ten' | debugfs_script far.img
uuid=11111111-2222-3333-4444-555555555555
yes CANARY | head -c 20M >far.journal
mke2fs -q -F -O journal_dev -b 4096 -U $uuid -E nodiscard,lazy_journal_init=1 far.journal 4096 >mke2fs.out 2>&1 || fail "$(cat mke2fs.out)"
python3 - far.journal "$(dumpe2fs -h far.img 2>/dev/null | sed -n 's/^Filesystem UUID: *//p')" <<-'END'
	import struct, sys, uuid
	f = open(sys.argv[1], "r+b")
	f.seek(4096 + 0x40); f.write(struct.pack(">I", 1))
	f.seek(4096 + 0x100); f.write(uuid.UUID(sys.argv[2]).bytes)
	f.seek(2048); f.write(b"a secret")
END
printf '%s\n' 'feature has_journal' "ssv journal_uuid $uuid" 'ssv journal_inum 0' 'ssv journal_dev 0x700' | debugfs_script far.img
mkdir hidden
mv far.journal hidden
run_e4zero 4 --json --check --all far.img
same 'not found' "$(records finding kind fixable blocks why | grep ^journal)" 'journal false 0 the external journal cannot be examined'
run_e4zero 4 --json --check --only journal --journal-device hidden/far.journal far.img
same 'found where it is' "$(records finding kind fixable pblk | grep ^journal)" 'journal true 0'
run_e4zero 4 -v --json --check --only journal --journal-device hidden/far.journal far.img
same 'bytes of it' "$(jq -r '.bytes_hex // empty' out | cut -c 1-16)" "$(printf 'a secret' | od -An -tx1 | tr -d ' ')"
mv hidden/far.journal .
run_e4zero 0 --write -o 0 --from secret far.img /ten
cp far.journal hidden/old.journal
remember_image far.journal
run_e4zero 4 --json --check --all far.img
same 'the sum' "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
same 'bytes of the journal' "$(class log bytes) $(class journal bytes)" '0 0'
image_unchanged far.journal
run_e4zero 0 --json --fix --all far.img
python3 - <<-'END' || fail 'the external journal is not what it should be'
	old, new = open("hidden/old.journal", "rb").read(), open('far.journal', 'rb').read()
	assert new[:2048] == old[:2048] and new[4096:4096 + 24] == old[4096:4096 + 24]
	assert not any(new[2048:4096]) and not any(new[4096 + 1024:4096 * 4096])
	assert new[4096 * 4096:] == old[4096 * 4096:] and b'CANARY' in new[:1024] + new[4096 * 4096:]
END
run_e4zero 0 --check --all far.img
run_e4zero 0 --write -o 0 --from ten far.img /ten
run_e4zero 0 --truncate 10000 far.img /ten
holds far.img /ten ten

# killed at each write, and run again
if command -v strace >/dev/null && ! [[ ${INSTRUMENT:-} == *san* ]]; then
	for call in pwrite64 pwritev fdatasync fallocate; do
		for ((n = 1; n < 40; n++)); do
			cp before image
			strace -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
				"$E4ZERO" --fix --only journal image >out 2>err && break
			e2fsck -fn image >e2fsck.out 2>&1 || fail "killed at $call $n: $(cat e2fsck.out)"
			run_e4zero 0 --fix --only journal image
			run_e4zero 0 --check --only journal image
			e2fsck -fn image >e2fsck.out 2>&1 || fail "killed at $call $n, run again: $(cat e2fsck.out)"
		done
		[ $n -lt 40 ] || [ $call = pwrite64 ] || fail "$call: it does not end"
	done
fi
