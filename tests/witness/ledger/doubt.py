# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks of which it is not certain that nobody has them: what inodes may have that claim nothing, or not all."""

from clusters import BAD_BLOCKS, LEAKED, RESIZE
from imgfmt import BG_INODE_UNINIT, S_IFDIR, Bad, Inode
from named import named


class Doubt:
    """`unreadable` and `doubtful` say whether there are such inodes; the maps, block by block, what theirs name."""

    def __init__(self, ledger):
        self.ledger, self.fs, self.clusters = ledger, ledger.fs, ledger.clusters
        self.of_unreadable, self.of_any = bytearray(self.fs.blocks), bytearray(self.fs.blocks)
        self.unreadable = any(i.why and i.links for i in ledger.inodes.values())
        self.doubtful = bool(self.clusters.unread) or any(g["misplaced"] for g in self.fs.groups)
        for inode in ledger.inodes.values():
            if inode.why and inode.links:
                self.mark(inode, self.of_unreadable)
            if inode.why:
                self.mark(inode, self.of_any)
                self.doubtful |= not inode.links
        self.bitmaps = [None if g["misplaced"] else self.fs._inode_bitmap(g) for g in self.fs.groups]
        for ino in self.clusters.unread:
            self.add(ino)
        self.unused_with_links()
        if LEAKED in self.clusters.state:
            self.led_to()

    def mark(self, inode, where):
        reserved = inode.ino in (BAD_BLOCKS, RESIZE)
        for start, count, _ in named(self.fs, inode) if reserved or inode.has_map() else ():
            where[start:start + count] = bytes((1,)) * count

    def slot(self, ino):
        g = self.fs.groups[(ino - 1) // self.fs.ipg]
        if g["misplaced"]:
            return None
        block, at = divmod((ino - 1) % self.fs.ipg * self.fs.isize, self.fs.bs)
        try:
            return Inode(self.fs, ino, self.fs.block(g["it"] + block)[at:at + self.fs.isize])
        except Bad:
            return None

    def add(self, ino):
        self.doubtful = True
        inode = self.slot(ino) if 0 < ino <= self.fs.inodes else None
        if inode:
            self.mark(inode, self.of_any)

    def used(self, n):
        """The first so many inodes of the group may be in use."""
        g = self.fs.groups[n]
        if not self.clusters.believe(g):
            return self.fs.ipg
        return 0 if g["flags"] & BG_INODE_UNINIT else max(self.fs.ipg - g["unused"], 0)

    def in_bitmap(self, ino):
        """None: the bitmap has no say."""
        n, i = divmod(ino - 1, self.fs.ipg)
        if self.bitmaps[n] is None or i >= self.used(n):
            return None
        return bool(self.bitmaps[n][i >> 3] >> (i & 7) & 1)

    def unused_with_links(self):
        for n in range(self.fs.ngroups):
            for i in range(self.used(n) if self.bitmaps[n] is not None else 0):
                ino = n * self.fs.ipg + i + 1
                if self.in_bitmap(ino) is False:
                    inode = self.slot(ino)
                    if inode and inode.mode and inode.links:
                        self.add(ino)

    def led_to(self):
        """Somebody may have the leaked blocks: who has a name or waits for its end, and is not in use."""
        fs, ledger = self.fs, self.ledger
        led = {ino for ino in fs.orphans() if 0 < ino <= fs.inodes}
        for inode in ledger.inodes.values():
            if inode.kind() == S_IFDIR and inode.links and not inode.why and inode.ino not in fs.system:
                led.update(ino for ino, _ in ledger.entries(inode))
        if ledger.corrupt_folders:
            led = range(1, fs.inodes + 1)
        for ino in led:
            if ino > fs.inodes or not self.in_bitmap(ino):
                self.add(ino)
