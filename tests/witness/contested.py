# SPDX-License-Identifier: GPL-2.0-or-later
"""Tree blocks that are met more than once, and what they list: claimed twice, whoever has it."""

import struct

from imgfmt import EXTENT_MAGIC, LBLK_END, Bad


def placed(fs, start, count=1):
    try:
        fs.check_blocks(start, count)
    except Bad:
        return False
    return True


def listed(fs, pblk, level):
    """The entries of a tree block, each one on its own: (block, count, level of a tree block or None, written)."""
    try:
        data = fs.block(pblk)
    except Bad:
        return
    if level:
        for word in struct.unpack("<%dI" % (fs.bs // 4), data):
            if word and placed(fs, word):
                yield word, 1, level - 1 or None, True
        return
    magic, entries, room, depth = struct.unpack_from("<HHHH", data)
    if magic != EXTENT_MAGIC or entries > room or room > (fs.bs - 12) // 12 or depth > 5:
        return
    for i in range(entries):
        if depth:
            _, lo, hi = struct.unpack_from("<IIH", data, 12 + 12 * i)
            if placed(fs, hi << 32 | lo):
                yield hi << 32 | lo, 1, 0, True
            continue
        lblk, length, hi, lo = struct.unpack_from("<IHHI", data, 12 + 12 * i)
        written, length = length <= 32768, length - 32768 * (length > 32768)
        if length and lblk + length <= LBLK_END and (lblk - lo) % fs.ratio == 0 and placed(fs, hi << 32 | lo, length):
            yield hi << 32 | lo, length, None, written


def contested(fs, inodes):
    """Tree blocks that these inodes meet more than once and all below them: (block, count, is data, written)."""
    met, out = {}, []
    for inode in inodes:
        for pblk, level in inode.met:
            met.setdefault(pblk, []).append(level)
    todo = [(pblk, level) for pblk, levels in met.items() if len(levels) > 1 for level in set(levels)]
    done = set(todo)
    while todo:
        pblk, level = todo.pop()
        out.append((pblk, 1, False, True))
        for start, count, below, written in listed(fs, pblk, level):
            if below is None:
                out.append((start, count, True, written))
                continue
            more = {(start, n) for n in met.get(start, []) + [below]} - done
            done |= more
            todo += more
    return out
