# SPDX-License-Identifier: GPL-2.0-or-later
"""Adds to a VHDX image a log that has to be replayed, as after a crash of its writer.

usage: vhdx-log.py IMAGE OLD NEW     the log replaces the sector of IMAGE that equals the file OLD by the file NEW
"""
import struct
import sys

SECTOR = 4096
GUID = bytes(range(16))


def crc32c(data):
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def sealed(block):
    return block[:4] + struct.pack("<I", crc32c(block[:4] + bytes(4) + block[8:])) + block[8:]


def entry(at, new, size):
    # one descriptor for one sector; it holds the sector's first eight and last four bytes
    head = struct.pack("<4sIIIQII16sQQ", b"loge", 0, 2 * SECTOR, 0, 1, 1, 0, GUID, size, size)
    head += struct.pack("<4s4s8sQQ", b"desc", new[-4:], new[:8], at, 1)
    data = b"data" + struct.pack("<I", 0) + new[8:-4] + struct.pack("<I", 1)
    return sealed(head.ljust(SECTOR, b"\0") + data)


def main():
    name, old, new = sys.argv[1], *(open(f, "rb").read() for f in sys.argv[2:])
    raw = bytearray(open(name, "rb").read())
    at = raw.index(old, 1 << 20)
    assert len(old) == len(new) == SECTOR and at % SECTOR == 0 and raw.count(old) == 1
    for header in (64 << 10, 128 << 10):
        block = bytearray(raw[header:header + SECTOR])
        block[48:64] = GUID
        raw[header:header + SECTOR] = sealed(bytes(block))
        log, = struct.unpack_from("<Q", block, 72)
    raw[log:log + 2 * SECTOR] = entry(at, new, len(raw))
    with open(name, "wb") as image:
        image.write(raw)


main()
