#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hides text wherever the format has room that nobody reads, and makes the checksums right again.

    hide.py IMAGE [KIND...]     for each place a line: KIND, the offset in the image, how many bytes

KIND as --only has them, and boot-block; without KIND all of them.
"""

import os
import struct
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "../witness"), os.path.join(HERE, "../edit/all")]
import imgfmt
import places
from imgfmt import FL_EA_INODE, FL_EXTENTS, FL_INLINE, S_IFDIR, S_IFLNK, S_IFREG, crc32c, u16, u32, u64

INDEX_FL = 0x1000
S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK = 0x1000, 0xC000, 0x2000, 0x6000
XATTR = 0xEA020000
TEXT = b"HIDDEN"
MOST = 20 * len(TEXT)  # of each place, at both ends

KINDS = ("free-block free-inode inode-table bitmap-slack super-slack desc-slack reserved-gdt cluster-slack stale-tail "
         "post-eof-data unwritten-residue symlink-slack inline-slack iblock-slack extent-slack dir-slack htree-slack inode-slack "
         "xattr-slack orphan-file-slack mmp-slack journal boot-block").split()


class Hider(places.Image):
    """PLACES yield (offset, length) of room."""

    def __init__(self, path):
        super().__init__(path)
        self.fs = imgfmt.Image(path)
        self.path, self.files, self.system = path, [], {}
        for g in range(self.groups):
            for inode in self.fs.group_inodes(g):
                if inode.ino in (1, 7):
                    continue
                self.fs.read_map(inode)
                if inode.ino in self.fs.system:
                    self.system[inode.ino] = inode
                elif inode.links:
                    self.files.append(inode)
        self.claimed = {b for inode in self.files + list(self.system.values())
                        for b in inode.tree + [inode.acl] + [p + i for _, p, c, _ in inode.runs for i in range(c)]}

    def slot(self, inode):
        g, n = divmod(inode.ino - 1, self.inodes)
        return self.desc[g]["table"] * self.bs + n * self.inode_size

    def of(self, kind):
        return (inode for inode in self.files if inode.kind() == kind and not inode.flags & FL_EA_INODE)

    @staticmethod
    def place_of(inode, lblk):
        """Of the block, and whether it is written."""
        return next(((p + lblk - l, w) for l, p, c, w in inode.runs if l <= lblk < l + c), (None, False))

    def block(self, n):
        return self.data[n * self.bs:(n + 1) * self.bs]

    # ---- what belongs to no file ----

    def free_block(self):
        """One free block of each group, in the middle of its clusters."""
        ratio = self.per_group // self.clusters
        for g, d in enumerate(self.desc):
            bits = self.data[d["block"] * self.bs:][:self.clusters // 8]
            free = [] if d["flags"] & places.BLOCK_UNINIT else \
                [n for n in range(self.bits(g)) if not bits[n // 8] >> n % 8 & 1]
            for n in free[len(free) // 2:][:1]:
                yield (self.start(g) + n * ratio) * self.bs, self.bs

    def free_inode(self):
        """What is not i_block decides whether e2fsck takes it for one in use."""
        for at, _ in super().free_inode():
            yield at + 0x28, 60

    def boot_block(self):
        yield 0, 1024

    def journal(self):
        for inode in self.system.values():
            if inode.ino == self.u32(0xE0):
                for lblk, pblk, count, _ in inode.runs:
                    yield (pblk + (not lblk)) * self.bs, (count - (not lblk)) * self.bs

    def mmp_slack(self):
        if self.incompat & places.MMP:
            at = u64(self.sb, 0x168) * self.bs
            yield from ((at + 8, 104), (at + 114, 1020 - 114), (at + 1024, self.bs - 1024))

    def orphan_file_slack(self):
        for pblk in self.orphan_blocks():
            yield pblk * self.bs, self.bs - 8

    def orphan_blocks(self):
        keeper = self.system.get(self.fs.orphan_ino)
        return [p + i for _, p, c, _ in keeper.runs for i in range(c)] if keeper else []

    # ---- past the end of files ----

    def stale_tail(self):
        for inode in self.of(S_IFREG):
            pblk, written = self.place_of(inode, inode.size // self.bs)
            if inode.size % self.bs and written:
                yield pblk * self.bs + inode.size % self.bs, self.bs - inode.size % self.bs

    def post_eof_data(self):
        for inode in self.of(S_IFREG):
            first = -(-inode.size // self.bs)
            for lblk, pblk, count, written in inode.runs:
                skip = max(first - lblk, 0)
                if written and skip < count:
                    yield (pblk + skip) * self.bs, (count - skip) * self.bs

    def unwritten_residue(self):
        for inode in self.of(S_IFREG):
            yield from ((p * self.bs, c * self.bs) for _, p, c, written in inode.runs if not written)

    def symlink_slack(self):
        for inode in self.of(S_IFLNK):
            pblk, written = self.place_of(inode, 0)
            if written and not inode.fast_symlink():
                yield pblk * self.bs + inode.size + 1, self.bs - inode.size - 1

    def cluster_slack(self):
        """What follows files, blocks of trees and of attributes in their clusters."""
        ratio = self.per_group // self.clusters
        ends = {p + c for inode in self.files for _, p, c, _ in inode.runs}
        ends |= {block + 1 for inode in self.files for block in inode.tree + [inode.acl] if block}
        for start in sorted(ends) if ratio > 1 else ():
            end = -(-(start - self.first) // ratio) * ratio + self.first
            if end > start and self.claimed.isdisjoint(range(start, end)):
                yield start * self.bs, (end - start) * self.bs

    # ---- in inodes ----

    def inline_slack(self):
        for inode in self.files:
            if inode.flags & FL_INLINE and inode.kind() in (S_IFREG, S_IFLNK) and inode.size < 60:
                yield self.slot(inode) + 0x28 + inode.size, 60 - inode.size

    def iblock_slack(self):
        for inode in self.files:
            used, end = 60, 60
            if inode.kind() in (S_IFIFO, S_IFSOCK):
                used, end = 0, 16  # e2fsck takes it for no special file with more than that
            elif inode.kind() in (S_IFCHR, S_IFBLK):
                used, end = 8, 16
            elif inode.fast_symlink():
                used = inode.size + 1  # the kernel wants a zero after it
            elif inode.flags & FL_EXTENTS and not inode.flags & FL_INLINE:
                used = 12 + 12 * u16(inode.raw, 0x2A)
            if used < end:
                yield self.slot(inode) + 0x28 + used, end - used

    def inode_slack(self):
        for inode in self.files:
            at = self.slot(inode)
            yield at + 0x7D, 3  # the first is left; i_faddr e2fsck looks at itself
            if self.inode_size == 128:
                continue
            begin = 128 + (u16(inode.raw, 0x80) or 32)
            if begin + 4 > self.inode_size:
                continue
            if u32(inode.raw, begin) == XATTR:
                begin, end = self.gap(inode.raw, begin + 4, begin + 4, self.inode_size)
            else:
                begin, end = begin + 4, self.inode_size
            if begin < end:
                yield at + begin, end - begin

    @staticmethod
    def gap(raw, at, base, end):
        """Between the last of the entries that begin at AT, with the zeroes after it, and the first value."""
        while u32(raw, at):
            length, offset, inum, size = raw[at], u16(raw, at + 2), u32(raw, at + 4), u32(raw, at + 8)
            if size and not inum:
                end = min(end, base + offset)
            at += (16 + length + 3) & ~3
        return at + 4, end

    # ---- in blocks of metadata ----

    def extent_slack(self):
        for inode in self.files:
            for pblk in inode.tree if inode.flags & FL_EXTENTS else ():
                entries, room = struct.unpack_from("<2H", self.block(pblk), 2)
                yield pblk * self.bs + 12 + 12 * entries, 12 * (room - entries)

    def xattr_blocks(self):
        return sorted({inode.acl for inode in self.files} - {0})

    def xattr_slack(self):
        for pblk in self.xattr_blocks():
            begin, end = self.gap(self.block(pblk), 32, 0, self.bs)
            yield pblk * self.bs + 20, 12
            yield pblk * self.bs + begin, end - begin

    def dir_slack(self):
        for inode in self.of(S_IFDIR):
            if not inode.flags & FL_INLINE:
                index = self.index(inode)
                for lblk in range(inode.size // self.bs):
                    pblk = self.place_of(inode, lblk)[0]
                    if lblk not in index:
                        yield from self.leaf(pblk)

    def leaf(self, pblk):
        data, at = self.block(pblk), 0
        while at < self.bs:
            ino, length, name, kind = struct.unpack_from("<IHBB", data, at)
            if not ino and length == 12 and kind == 0xDE:
                break
            length = length if 0 < length < 65535 else self.bs
            used = 8 + (name if ino else 0)
            if length > used:
                yield pblk * self.bs + at + used, length - used
            at += length

    def index(self, inode):
        """{lblk: where its entries begin} of the index blocks."""
        if not inode.flags & INDEX_FL:
            return {}
        index, levels = {0: 32}, self.block(self.place_of(inode, 0)[0])[30]
        level = [0]
        for _ in range(levels):
            level = [child for lblk in level for child in self.children(inode, lblk, index[lblk])]
            index.update((lblk, 8) for lblk in level)
        return index

    def children(self, inode, lblk, at):
        data = self.block(self.place_of(inode, lblk)[0])
        return [u32(data, at + 8 * i + 4) & 0x0FFFFFFF for i in range(u16(data, at + 2))]

    def htree_slack(self):
        for inode in self.of(S_IFDIR):
            for lblk, at in self.index(inode).items():
                pblk = self.place_of(inode, lblk)[0]
                limit, count = struct.unpack_from("<2H", self.block(pblk), at)
                yield pblk * self.bs + at + 8 * count, 8 * (limit - count)

    # ---- hiding ----

    def hide_in(self, off, length):
        """[offset, length] of what was put there; the first byte of the room is left, as it may end a string."""
        off, length = off + 1, length - 1
        if length > 2 * MOST:
            return self.hide_in(off, MOST) + self.hide_in(off + length - MOST, MOST)
        self.data[off:off + length] = (TEXT * (length // len(TEXT) + 1))[:length]
        return [(off, length)] if length else []

    def seal(self):
        super().seal()
        if not self.ro & places.METADATA_CSUM:
            return
        for inode in self.files:
            if inode.kind() == S_IFDIR and not inode.flags & FL_INLINE:
                self.seal_leaves(inode)
            for pblk in inode.tree if inode.flags & FL_EXTENTS else ():
                at = pblk * self.bs
                tail = 12 + 12 * u16(self.data, at + 4)
                self.put("<I", at + tail, crc32c(self.fs.inode_seed(inode), self.data[at:at + tail]))
            self.seal_inode(inode)
        for at, _ in super().free_inode():
            g = next(g for g, d in enumerate(self.desc) if 0 <= at - d["table"] * self.bs < self.inodes * self.inode_size)
            n = (at - self.desc[g]["table"] * self.bs) // self.inode_size
            self.seal_inode(imgfmt.Inode(self.fs, g * self.inodes + n + 1, self.data[at:at + self.inode_size]))
        for pblk in self.xattr_blocks():
            at = pblk * self.bs
            self.put("<I", at + 16, 0)
            self.put("<I", at + 16, crc32c(crc32c(self.fs.seed, struct.pack("<Q", pblk)), self.block(pblk)))
        for pblk in self.orphan_blocks():
            seed = self.fs.inode_seed(self.system[self.fs.orphan_ino])
            crc = crc32c(crc32c(seed, struct.pack("<Q", pblk)), self.block(pblk)[:self.bs - 8])
            self.put("<I", (pblk + 1) * self.bs - 4, crc)
        if self.incompat & places.MMP:
            at = u64(self.sb, 0x168) * self.bs
            self.put("<I", at + 1020, crc32c(self.fs.seed, self.data[at:at + 1020]))

    def seal_leaves(self, inode):
        index = self.index(inode)
        for lblk in range(inode.size // self.bs):
            end = (self.place_of(inode, lblk)[0] + 1) * self.bs
            if lblk not in index and self.data[end - 5] == 0xDE:
                self.put("<I", end - 4, crc32c(self.fs.inode_seed(inode), self.data[end - self.bs:end - 12]))

    def seal_inode(self, inode):
        at = self.slot(inode)
        wide = self.inode_size > 128 and u16(inode.raw, 0x80) >= 4
        self.put("<H", at + 0x7C, 0)
        if wide:
            self.put("<H", at + 0x82, 0)
        crc = crc32c(self.fs.inode_seed(inode), self.data[at:at + self.inode_size])
        self.put("<H", at + 0x7C, crc & 0xFFFF)
        if wide:
            self.put("<H", at + 0x82, crc >> 16)


def main():
    hider = Hider(sys.argv[1])
    rooms = [(kind, room) for kind in sys.argv[2:] or KINDS for room in getattr(hider, kind.replace("-", "_"))()]
    for kind, room in rooms:
        for off, length in hider.hide_in(*room[:2]):
            print(kind, off, length)
    hider.seal()
    with open(hider.path, "r+b") as f:
        f.write(hider.data)


main()
