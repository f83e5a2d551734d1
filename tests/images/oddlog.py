#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes logs that neither mklog.py nor a program makes. Their transaction writes the superblock and BLOCK as they are:

    oddlog.py v1 IMAGE BLOCK            with checksums of commit blocks alone (COMPAT_CHECKSUM)
    oddlog.py fast IMAGE BLOCK          with fast commits after it
    oddlog.py halves IMAGE BLOCK        and the superblock is torn
    oddlog.py external IMAGE BLOCK AT   and in the journal device at byte AT, which is the last part of IMAGE
"""
import mmap
import struct
import sys

import mklog

CHECKSUM, FAST_COMMIT = 1, 0x20
FC_HEAD = 9


def crc32_be(crc, data):
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    return crc


class Device(mklog.Log):
    """The journal device at byte AT of the image, not in an inode of it."""

    def __init__(self, data, at):
        self.data, self.bs = data, 1024
        self.super = at + 2 * self.bs
        self.places = [at // self.bs + n for n in range((len(data) - at) // self.bs)]
        self.incompat, self.at = self.word(0x28), 3


def seal_v1(log, first):
    crc = 0xFFFFFFFF
    for n in range(first, log.at - 1):
        crc = crc32_be(crc, log.data[log.places[n] * log.bs:(log.places[n] + 1) * log.bs])
    commit = log.places[log.at - 1] * log.bs
    log.data[commit + 12:commit + 20] = struct.pack(">BBHI", 1, 4, 0, crc)


def main():
    what, image, block = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(image, "r+b") as f:
        data = mmap.mmap(f.fileno(), 0)
    if what == "external":
        log = Device(data, int(sys.argv[4]))
        log.word(0x40, 1)
        log.data[log.super + 0x100:log.super + 0x110] = data[1024 + 0x68:1024 + 0x78]
    else:
        log = mklog.Log(image, data)
    first, tid = log.at, log.word(0x18) + 1
    if what == "v1":
        log.word(0x24, log.word(0x24) | CHECKSUM)
    log.transaction(tid, [(n, bytes(data[n * log.bs:(n + 1) * log.bs])) for n in (1, block)])
    log.begins(first, tid)
    if what == "v1":
        seal_v1(log, first)
    elif what == "fast":
        log.word(0x28, log.word(0x28) | FAST_COMMIT)
        log.word(0x54, 64)
        at = log.places[log.word(0x10) - 63] * log.bs
        data[at:at + 12] = struct.pack("<HHII", FC_HEAD, 8, 0, tid + 1)
    log.needs_recovery()
    if what == "halves":
        data[1024 + 0x30:1024 + 0x34] = b"torn"
    data.flush()


main()
