#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --all in blocks of extended attributes, which several inodes may have: what is between entries and values is found once and
# zeroed, with the hashes that padding is part of. Corrupt blocks are left and named.
. "${srcdir:-$(dirname "$0")/../../..}/tests/lib.sh"
. "$srcdir/tests/edit/all/common.sh"
requires python3
requires tune2fs

# fill IMAGE BLOCK SIGN: all that no attribute has of the block, with the hashes that go with it. SIGN: bytes of names are signed
fill() {
	python3 - "$@" <<-'END'
		import struct, sys
		image, block, sign = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "signed"
		io = open(image, "r+b")
		io.seek(block * 1024)
		b = bytearray(io.read(1024))
		turn = lambda h, n: (h << n ^ h >> (32 - n)) & 0xffffffff
		at, low, total = 32, 1024, 0
		b[20:32] = b"CANARYCANARY"
		while any(b[at:at + 4]):
		    length, off, inum, size = b[at], *struct.unpack_from("<HII", b, at + 2)
		    end = at + 16 + length
		    after = end + 3 & ~3
		    b[end:after] = b"P" * (after - end)
		    padded = off + size + 3 & ~3
		    b[off + size:padded] = b"P" * (padded - off - size)
		    hash = 0
		    for c in b[at + 16:end]:
		        hash = turn(hash, 5) ^ (c - 256 & 0xffffffff if sign and c > 127 else c)
		    for i in range(off, padded, 4):
		        hash = turn(hash, 16) ^ struct.unpack_from("<I", b, i)[0]
		    struct.pack_into("<I", b, at + 12, hash)
		    total = turn(total, 16) ^ hash
		    at, low = after, min(low, off)
		struct.pack_into("<I", b, 12, total)
		b[at + 4:low] = (b"CANARY" * 200)[:low - at - 4]
		io.seek(block * 1024)
		io.write(b)
	END
}

acl_of() {
	debugfs -R "stat $2" "$1" 2>/dev/null | sed -n 's/.*File ACL: \([0-9]*\).*/\1/p'
}

values() {
	local file
	for file in one two three; do
		debugfs -R "stat $file" "$1" 2>/dev/null
		debugfs -R "ea_list $file" "$1" 2>/dev/null
	done
}

for features in ^metadata_csum metadata_csum; do
	for sign in unsigned signed; do
		make_image image 24M -b 1024 -I 128 -O ^metadata_csum
		text ten 10000 x
		printf 'write ten %s\n' one two three | debugfs_script image
		printf 'ea_set %s\n' $'one user.a\344 12345' 'one user.other value' 'three user.bcd 1' | debugfs_script image
		# two and one have the same block
		printf 'sif two file_acl %d\nsif two blocks 22\nsif one blocks 22\n' "$(acl_of image one)" | debugfs_script image
		e2fsck -fy image >e2fsck.log 2>&1
		fill image "$(acl_of image one)" $sign
		fill image "$(acl_of image three)" $sign
		if [ $features = metadata_csum ]; then tune2fs -O metadata_csum image >tune2fs.log 2>&1 || fail "tune2fs: $(cat tune2fs.log)"; fi
		sound image
		values image >before
		run_e4zero 4 --json --check --all image
		records finding kind path fixable >found
		same "of $features, $sign" "$(grep xattr found)" "$(printf 'xattr-slack /%s true\n' one three)"
		same 'what is missing in the sum' "$(jq -r 'select(.type == "ledger") | .size - ([.classes[].bytes] | add)' out)" 0
		run_e4zero 4 --json --check --only xattr-slack -j 4 image
		same 'with more threads' "$(records finding kind path fixable)" "$(printf 'xattr-slack /%s true\n' one three)"
		run_e4zero 0 --json --fix --all image
		sound image
		values image >after
		cmp before after || fail "$features: attributes are not the same"
		remember_image image
		run_e4zero 0 --json --fix --all image
		image_unchanged image
		! grep -aq 'CANARY\|PPP' image || fail "$features: it is still there"
	done
done

# one without a checksum that is right, a hash that is wrong, values over entries
cp image good
block=$(acl_of image one)
while read -r at bytes why; do
	cp good image
	[ "$at" -lt 1000 ] || at=$((at - 1000))
	# shellcheck disable=SC2059 # bytes that no text can have
	printf "$bytes" | dd of=image bs=1 seek=$((block * 1024 + at)) conv=notrunc status=none
	cp image bad
	run_e4zero 4 --json --check --all image
	same "$at $bytes" "$(records finding kind path fixable why)" "xattr-slack /one false $why"
	run_e4zero 4 --json --fix --all image
	cmp -i $((block * 1024)) -n 1024 image bad || fail "$at: the block was changed"
done <<-END
	500 x the checksum of the extended-attribute block is wrong
	0 x the extended-attribute block is corrupt
	8 \\2 the extended-attribute block is corrupt
END
tune2fs -O ^metadata_csum good >tune2fs.log 2>&1 || fail "tune2fs: $(cat tune2fs.log)"
while read -r at bytes why; do
	cp good image
	# shellcheck disable=SC2059 # bytes that no text can have
	printf "$bytes" | dd of=image bs=1 seek=$((block * 1024 + at)) conv=notrunc status=none
	cp image bad
	run_e4zero 4 --json --check --only xattr-slack image
	same "$at $bytes" "$(records finding kind path fixable why)" "xattr-slack /one false $why"
	run_e4zero 4 --json --fix --all image
	cmp -i $((block * 1024)) -n 1024 image bad || fail "$at: the block was changed"
done <<-END
	34 \\40\\0 the extended attributes are corrupt
	34 \\377\\3 the extended attributes are corrupt
	40 \\377\\377\\377\\377 the extended attributes are corrupt
	1023 x the hash of an extended attribute is wrong
END

# the first byte and the last one, in whatever order attributes and what lies between them are looked through
cp good image
for at in 20 31 700; do printf x | dd of=image bs=1 seek=$((block * 1024 + at)) conv=notrunc status=none; done
run_e4zero 4 --json --check --only xattr-slack image
same 'first and last' "$(records finding first last nonzero)" "$((block * 1024 + 20)) $((block * 1024 + 700)) 3"
