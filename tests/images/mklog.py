#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes transactions into the empty journal of an image, as they would stand there after a crash.

usage: mklog.py IMAGE [OPTION...] BLOCK=FILE...    these blocks are to become the start of FILE
       mklog.py IMAGE [OPTION...] --become OTHER   all that is different in OTHER, which has its journal in the same place

    --at N        the log block that it begins at, 1
    --tid N       the transaction's number, one more than the log's superblock says
    --seconds N   the time of its commit block
    --torn        without a commit block
    --stray       the log's superblock knows nothing of it
    --quiet       the file system's superblock does not say that it needs a replay

The log's features are taken as they are: block numbers of 32 or 64 bits, no checksums. The image grows to
OTHER's length. Places are asked of debugfs.
"""

import argparse
import mmap
import os
import re
import struct
import subprocess
import sys

MAGIC = b"\xc0\x3b\x39\x98"
DESCRIPTOR, COMMIT = 1, 2
ESCAPED, SAME_UUID, LAST = 1, 2, 8
WIDE = 2
RECOVER = 4


def debugfs(image, script):
    done = subprocess.run(["debugfs", "-f", "/dev/stdin", image], input=script, encoding="latin-1",
                          capture_output=True, check=True)
    return [line for line in done.stdout.splitlines() if not line.startswith("debugfs")]


def crc32c(data):
    """Bit by bit: slow, short, and nobody else's code."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc


def seal_super(sb):
    """The checksum that the 1024 bytes ask for."""
    if struct.unpack_from("<I", sb, 0x64)[0] & 0x400:
        struct.pack_into("<I", sb, 0x3FC, crc32c(sb[:0x3FC]))


class Log:
    """The journal of an image: its blocks, and where the next one goes. DATA is the image, changed in place."""

    def __init__(self, path, data, blocks=2048):
        self.data = data
        self.bs = 1024 << struct.unpack_from("<I", self.data, 1024 + 0x18)[0]
        places = debugfs(path, "".join("bmap <8> %d\n" % n for n in range(blocks)))
        self.places = [int(p) for p in places if re.fullmatch(r"\d+", p) and int(p)]
        self.super = self.places[0] * self.bs
        if self.data[self.super:self.super + 4] != MAGIC:
            sys.exit("mklog: no journal in %s" % path)
        self.incompat = self.word(0x28) if self.word(4) == 4 else 0
        if self.incompat & ~(1 | WIDE):
            sys.exit("mklog: the journal of %s has feature bits 0x%x" % (path, self.incompat))
        self.at = 1

    def word(self, at, value=None):
        """A word of the log's superblock."""
        if value is not None:
            struct.pack_into(">I", self.data, self.super + at, value)
        return struct.unpack_from(">I", self.data, self.super + at)[0]

    def put(self, data):
        start = self.places[self.at] * self.bs
        self.data[start:start + self.bs] = data.ljust(self.bs, b"\0")
        self.at += 1

    def descriptor(self, tid, writes):
        tags = b""
        for i, (block, data) in enumerate(writes):
            flags = (SAME_UUID if i else 0) | (LAST if i == len(writes) - 1 else 0)
            flags |= ESCAPED if data[:4] == MAGIC else 0
            tags += struct.pack(">IHH", block & 0xFFFFFFFF, 0, flags)
            tags += struct.pack(">I", block >> 32) if self.incompat & WIDE else b""
            tags += b"" if i else bytes(self.data[self.super + 0x30:self.super + 0x40])
        self.put(MAGIC + struct.pack(">II", DESCRIPTOR, tid) + tags)
        for _, data in writes:
            self.put((b"\0\0\0\0" if data[:4] == MAGIC else data[:4]) + data[4:])

    def transaction(self, tid, writes, seconds=1700000000, torn=False):
        room = (self.bs - 12 - 16) // (12 if self.incompat & WIDE else 8)
        for i in range(0, len(writes), room):
            self.descriptor(tid, writes[i:i + room])
        if not torn:
            self.put(MAGIC + struct.pack(">II", COMMIT, tid) + bytes(36) + struct.pack(">QI", seconds, 0))

    def begins(self, at, tid):
        self.word(0x18, tid)
        self.word(0x1C, at)

    def needs_recovery(self):
        sb = bytearray(self.data[1024:2048])
        struct.pack_into("<I", sb, 0x60, struct.unpack_from("<I", sb, 0x60)[0] | RECOVER)
        seal_super(sb)
        self.data[1024:2048] = sb

    def become(self, path):
        """What is to be written for the image to be the one at PATH, but for its journal."""
        with open(path, "rb") as f:
            other = f.read()
        skip = set(self.places)
        for block in range(len(other) // self.bs):
            new = other[block * self.bs:(block + 1) * self.bs]
            if block not in skip and new != self.data[block * self.bs:(block + 1) * self.bs]:
                yield block, bytes(new)


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("image")
    ap.add_argument("writes", nargs="*")
    ap.add_argument("--become")
    ap.add_argument("--at", type=int, default=1)
    ap.add_argument("--tid", type=int)
    ap.add_argument("--seconds", type=int, default=1700000000)
    for flag in "torn", "stray", "quiet":
        ap.add_argument("--" + flag, action="store_true")
    opts = ap.parse_intermixed_args()
    if opts.become and os.path.getsize(opts.become) > os.path.getsize(opts.image):
        os.truncate(opts.image, os.path.getsize(opts.become))
    with open(opts.image, "r+b") as f:
        log = Log(opts.image, mmap.mmap(f.fileno(), 0))
    tid = log.word(0x18) + 1 if opts.tid is None else opts.tid
    writes = list(log.become(opts.become)) if opts.become else []
    for write in opts.writes:
        block, _, path = write.partition("=")
        with open(path, "rb") as f:
            writes.append((int(block), f.read(log.bs).ljust(log.bs, b"\0")))
    log.at = opts.at
    log.transaction(tid, writes, opts.seconds, opts.torn)
    if not opts.stray:
        log.begins(opts.at, tid)
    if not opts.quiet:
        log.needs_recovery()
    log.data.flush()


if __name__ == "__main__":
    main()
