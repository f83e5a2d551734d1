# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a journal is one: its superblock, and the blocks that its inode maps; and one on a device of its own."""

from imgfmt import crc32c

MAGIC = 0xC03B3998
V1, V2 = 3, 4
CHECKSUM, CSUM_V2, CSUM_V3, FAST_COMMIT, KNOWN = 0x1, 0x8, 0x10, 0x20, 0x3F
CRC32C = 4
MIN_BLOCKS, FC_BLOCKS = 1024, 256


def be32(data, at):
    return int.from_bytes(data[at:at + 4], "big")


def contiguous(inode):
    """The blocks that the inode maps from logical block 0 on; empty if there is a gap."""
    blocks = []
    for l, p, c, _ in inode.runs:
        if l != len(blocks):
            return []
        blocks += range(p, p + c)
    return blocks


def valid(fs, blocks):
    """The superblock in the first of these blocks is that of a log in them."""
    sb = fs.block(blocks[0], -(-1024 // fs.bs))[:1024]
    kind, first, start, maxlen = be32(sb, 4), be32(sb, 20), be32(sb, 28), be32(sb, 16)
    if be32(sb, 0) != MAGIC or kind not in (V1, V2) or be32(sb, 12) != fs.bs:
        return False
    compat, incompat, ro = (be32(sb, at) if kind == V2 else 0 for at in (36, 40, 44))
    if incompat & ~KNOWN or ro or compat & ~CHECKSUM:
        return False
    if incompat & (CSUM_V2 | CSUM_V3):
        if incompat & CSUM_V2 and incompat & CSUM_V3 or compat or sb[80] != CRC32C:
            return False
        if crc32c(0xFFFFFFFF, sb[:252] + bytes(4) + sb[256:]) != be32(sb, 252):
            return False
    end = maxlen
    if incompat & FAST_COMMIT:
        fast = be32(sb, 84) or FC_BLOCKS
        if fast <= maxlen and maxlen - fast >= MIN_BLOCKS:
            end = maxlen - fast
    return maxlen <= len(blocks) and 1 <= first < end and (start == 0 or first <= start < end)


class Device:
    """An external journal, by blocks of the file system's size."""

    def __init__(self, path, bs):
        with open(path, "rb") as f:
            self.data = f.read()
        self.bs, self.head = bs, 2 if bs == 1024 else 1

    def block(self, n, count=1):
        return self.data[n * self.bs:(n + count) * self.bs]

    def stretches(self):
        """Bytes that nobody reads while it is empty: less its superblock, and the one of ext2 before it."""
        if self.bs > 2048:
            yield 2048, self.bs
        yield self.head * self.bs + 1024, be32(self.block(self.head), 16) * self.bs
