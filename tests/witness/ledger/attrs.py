# SPDX-License-Identifier: GPL-2.0-or-later
"""Extended attributes, in a slot or in a block: which bytes are theirs, and whether they are in order."""

import struct

from imgfmt import Bad, crc32c, u16, u32

MAGIC = 0xEA020000


def hashes(name, value):
    """What e_hash may be: with the bytes of the name as unsigned, and as signed numbers."""
    out = []
    for signed in (False, True):
        h = 0
        for byte in name:
            if signed and byte > 127:
                byte -= 256
            h = ((h << 5) ^ (h >> 27) ^ byte) & 0xFFFFFFFF
        for word, in struct.iter_unpack("<I", value):
            h = ((h << 16) ^ (h >> 16) ^ word) & 0xFFFFFFFF
        out.append(h)
    return out


def entries(data, start):
    """(offset, bytes of name, index, offset of value, its inode, its size, hash) from START on, to the word of zeroes."""
    at = start
    while True:
        if at + 4 > len(data):
            raise Bad("attributes reach past their end")
        if not u32(data, at):
            return
        if at + 16 > len(data):
            raise Bad("an attribute reaches past the end")
        length = data[at]
        step = (16 + length + 3) & ~3
        if at + step + 4 > len(data):
            raise Bad("an attribute reaches past the end")
        yield at, data[at + 16:at + 16 + length], data[at + 1], u16(data, at + 2), u32(data, at + 4), \
            u32(data, at + 8), u32(data, at + 12)
        at += step


def used(data, start, base):
    """Marks for the bytes that attributes have in DATA; Bad if they are not valid.

    Entries begin at START; offsets of values count from BASE.
    """
    live, taken = bytearray(len(data)), bytearray(len(data))

    def own(at, stop, padded):
        if padded > len(data) or any(taken[at:padded]):
            raise Bad("attributes overlap, or reach past the end")
        taken[at:padded] = bytes((1,)) * (padded - at)
        live[at:stop] = bytes((1,)) * (stop - at)

    at, values = start, []
    for at, name, _, offset, inum, size, e_hash in entries(data, start):
        own(at, at + 16 + len(name), at + (16 + len(name) + 3) // 4 * 4)
        at += (16 + len(name) + 3) // 4 * 4
        if size and not inum:
            values.append((base + offset, size, name, e_hash))
    own(at, at + 4, at + 4)
    for offset, size, name, e_hash in values:
        padded = offset + (size + 3) // 4 * 4
        if offset < start:
            raise Bad("a value lies before the entries")
        own(offset, offset + size, padded)
        if any(data[offset + size:padded]) and e_hash and e_hash not in hashes(name, data[offset:padded]):
            raise Bad("a wrong hash over a value with padding")
    return live


def unused(live, start, end):
    """Stretches of [start, end) that are not marked."""
    at = live.find(0, start, end)
    while at >= 0:
        stop = live.find(1, at, end)
        stop = end if stop < 0 else stop
        yield at, stop
        at = live.find(0, stop, end)


def block_slack(fs, block):
    """The unused stretches of a block of attributes; Bad if it is not valid."""
    data = fs.block(block)
    if u32(data, 0) != MAGIC or u32(data, 8) != 1:
        raise Bad("no block of attributes")
    if fs.csum:
        crc = crc32c(crc32c(fs.seed, block.to_bytes(8, "little")), data[:16] + bytes(4) + data[20:])
        if crc != u32(data, 16):
            raise Bad("checksum of a block of attributes")
    live = used(data, 32, 0)
    live[:20] = bytes((1,)) * 20
    return list(unused(live, 0, len(data)))
