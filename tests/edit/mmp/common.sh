# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of multiple mount protection share. Source it after tests/lib.sh.

. "$srcdir/tests/edit/common.sh"
requires python3
requires dumpe2fs

# mmp_image IMAGE [mke2fs options]: edit_image with the feature, and the shortest interval
mmp_image() {
	edit_image "$1" -O mmp -E mmp_update_interval=1 "${@:2}"
	mmp_at=$(($(dumpe2fs -h "$1" 2>/dev/null | sed -n 's/^MMP block number: *//p') * 4096))
	[ $mmp_at -gt 0 ] || fail 'there is no block for MMP'
}

# mmp_bytes IMAGE: the block
mmp_bytes() {
	dd if="$1" bs=4096 skip=$((mmp_at / 4096)) count=1 status=none | od -An -tx1 -v
}

# mmp_seq IMAGE: its number
mmp_seq() {
	od -An -tx4 -j $((mmp_at + 4)) -N 4 "$1" | tr -d ' '
}

# other_host IMAGE STEP...: another process, to be run in the background, that does to the file
#   set:N         the number is N, in hexadecimal, the checksum is right
#   await-taken   make ./ready, and wait until somebody has taken a block that was clean
#   count         a new number again and again, until ./stop is there
#   super         the superblock was written later than it says now
other_host() {
	python3 - "$mmp_at" "$@" <<-'END'
		import os, struct, sys, time
		at, image = int(sys.argv[1]), open(sys.argv[2], 'r+b', buffering=0)
		CLEAN = 0xff4d4d50
		def table():
		    out = []
		    for n in range(256):
		        for _ in range(8):
		            n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
		        out.append(n)
		    return out
		T = table()
		def crc(c, data):
		    for b in data:
		        c = T[(c ^ b) & 255] ^ c >> 8
		    return c
		image.seek(1024); sb = image.read(1024)
		seed = crc(0xffffffff, sb[0x68:0x78])
		def block():
		    image.seek(at); return bytearray(image.read(1024))
		def put(seq):
		    b = block()
		    struct.pack_into('<I', b, 4, seq)
		    b[16:80] = b'another host'.ljust(64, b'\0')
		    struct.pack_into('<I', b, 1020, crc(seed, b[:1020]))
		    image.seek(at); image.write(b)
		deadline = time.monotonic() + 120
		for step in sys.argv[3:]:
		    name, _, value = step.partition(':')
		    if name == 'set':
		        put(int(value, 16))
		    elif name == 'await-taken':
		        open('ready', 'w').close()
		        while struct.unpack_from('<I', block(), 4)[0] == CLEAN:
		            assert time.monotonic() < deadline
		            time.sleep(0.01)
		    elif name == 'count':
		        n = 1
		        while not os.path.exists('stop'):
		            assert time.monotonic() < deadline
		            put(n); n += 1
		            time.sleep(0.05)
		    elif name == 'super':
		        b = bytearray(sb)
		        struct.pack_into('<I', b, 0x30, struct.unpack_from('<I', sb, 0x30)[0] + 1)
		        struct.pack_into('<I', b, 1020, crc(0xffffffff, b[:1020]))
		        image.seek(1024); image.write(b)
	END
}
