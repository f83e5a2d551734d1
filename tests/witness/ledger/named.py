# SPDX-License-Identifier: GPL-2.0-or-later
"""What the map of an inode may have: whatever it names, right or wrong, as far as it can be read."""

import struct

from imgfmt import EXTENT_MAGIC, FL_EXTENTS, FL_INLINE, Bad, u32


def inside(fs, start, count):
    """The part of it that lies in the file system."""
    low, high = max(start, fs.first_data), min(start + count, fs.blocks)
    return (low, high - low) if low < high else None


def named(fs, inode):
    """(start, count, is a tree block) of all that the inode's extents or pointers name."""
    if inode.flags & FL_INLINE:
        return
    root = inode.raw[0x28:0x64]
    walk = extents(fs, root, 6, set()) if inode.flags & FL_EXTENTS else pointers(fs, root)
    for start, count, tree in walk:
        part = inside(fs, start, count)
        if part:
            yield part + (tree,)


def read(fs, block):
    try:
        return fs.block(block) if fs.inside(block) else None
    except Bad:
        return None


def extents(fs, node, levels, seen):
    magic, entries, room, depth = struct.unpack_from("<HHHH", node)
    if magic != EXTENT_MAGIC or not levels:
        return
    for i in range(min(entries, (len(node) - 12) // 12)):
        if not depth:
            _, length, hi, lo = struct.unpack_from("<IHHI", node, 12 + 12 * i)
            yield hi << 32 | lo, length - 32768 * (length > 32768), False
            continue
        _, lo, hi = struct.unpack_from("<IIH", node, 12 + 12 * i)
        block = hi << 32 | lo
        yield block, 1, True
        below = read(fs, block) if block not in seen else None
        seen.add(block)
        if below:
            yield from extents(fs, below, levels - 1, seen)


def pointers(fs, root):
    seen = set()
    for i, word in enumerate(struct.unpack("<15I", root)):
        if word:
            yield from pointed(fs, word, max(i - 11, 0), seen)


def pointed(fs, block, level, seen):
    yield block, 1, bool(level)
    if not level or (block, level) in seen:
        return
    seen.add((block, level))
    data = read(fs, block)
    if data is None or data.count(0) == len(data):
        return
    for at in range(0, fs.bs, 4):
        if u32(data, at):
            yield from pointed(fs, u32(data, at), level - 1, seen)
