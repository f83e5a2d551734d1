# SPDX-License-Identifier: GPL-2.0-or-later
"""What the map of an inode may have: whatever it names, right or wrong, as far as it can be read."""

import struct

from imgfmt import EXTENT_MAGIC, FL_INLINE, Bad, u16

MOST_LEVELS = 5


def inside(fs, start, count):
    """The part of it that lies in the file system."""
    low, high = max(start, fs.first_data), min(start + count, fs.blocks)
    return (low, high - low) if low < high else None


def named(fs, inode):
    """(start, count, is a tree block) of all that the inode's extents or pointers name, whatever its type."""
    root = inode.raw[0x28:0x64]
    if inode.flags & FL_INLINE:
        return
    if u16(root, 0) == EXTENT_MAGIC:
        walk = extents(fs, root, u16(root, 6), set()) if u16(root, 6) <= MOST_LEVELS else ()
    else:
        walk = pointers(fs, root)
    for start, count, tree in walk:
        part = inside(fs, start, count)
        if part:
            yield part + (tree,)


def read(fs, block):
    try:
        return fs.block(block) if inside(fs, block, 1) else None
    except Bad:
        return None


def extents(fs, node, depth, seen):
    magic, entries = struct.unpack_from("<HH", node)
    if magic != EXTENT_MAGIC or entries > (len(node) - 12) // 12:
        return
    for i in range(entries):
        if not depth:
            _, length, hi, lo = struct.unpack_from("<IHHI", node, 12 + 12 * i)
            yield hi << 32 | lo, length - 32768 * (length > 32768), False
            continue
        _, lo, hi = struct.unpack_from("<IIH", node, 12 + 12 * i)
        block = hi << 32 | lo
        yield block, 1, True
        below = read(fs, block) if (block, depth) not in seen else None
        seen.add((block, depth))
        if below:
            yield from extents(fs, below, depth - 1, seen)


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
    for word in set(struct.unpack("<%dI" % (fs.bs // 4), data)) - {0}:
        yield from pointed(fs, word, level - 1, seen)
