#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Gives a file of contiguous blocks a tree of two levels: each block an extent, every second one unwritten.

usage: narrow.py IMAGE INO DATA COUNT LEAF INDEX NODE...

DATA is the file's first block of COUNT; LEAF extents go into each leaf and INDEX leaves into each index, which are
NODE. A kernel leaves such trees, and e2fsck accepts them. The image has no checksums.
"""

import os
import struct
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../images")]
from imgpoke import Poker  # noqa: E402


def node(size, depth, entries):
    head = struct.pack("<HHHHI", 0xF30A, len(entries), (size - 12) // 12, depth, 0)
    return (head + b"".join(entries)).ljust(size, b"\0")


def index(lblk, child):
    return struct.pack("<IIHH", lblk, child, 0, 0)


def extent(lblk, data):
    return struct.pack("<IHHI", lblk, 1 + 32768 * (lblk % 2), 0, data + lblk)


def main():
    poker, (ino, data, count, per_leaf, per_index, *nodes) = Poker(sys.argv[1]), map(int, sys.argv[2:])
    free = iter(nodes)

    def level(depth, entries, per_node):
        """(first logical block, place) of each of the nodes that hold the (first logical block, entry)s."""
        for i in range(0, len(entries), per_node):
            block, part = next(free), entries[i:i + per_node]
            poker.write(block * poker.bs, node(poker.bs, depth, [entry for _, entry in part]))
            yield part[0][0], index(part[0][0], block)

    leaves = list(level(0, [(lblk, extent(lblk, data)) for lblk in range(count)], per_leaf))
    root = [entry for _, entry in level(1, leaves, per_index)]
    if len(root) > 4 or next(free, None) is not None:
        sys.exit("narrow.py: other nodes are needed")
    poker.inode(ino, "0x1c", struct.pack("<I", (count + len(nodes)) * poker.bs // 512).hex())
    poker.inode(ino, "0x28", node(60, 2, root).hex())


if __name__ == "__main__":
    main()
