# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks of which it is not certain that nobody has them: what inodes may have that claim nothing, or not all."""

from clusters import LEAKED
from imgfmt import BG_INODE_UNINIT, FL_EA_INODE, S_IFDIR, Bad, Inode
from named import named
from slots import INCOMPAT_EA_INODE


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
            if inode.why and (inode.links or not self.fs.inode_csum_ok(inode)):
                self.mark(inode, self.of_any)
                self.doubtful |= not inode.links
        self.bitmaps = [None if g["misplaced"] else self.fs._inode_bitmap(g) for g in self.fs.groups]
        for ino in self.clusters.unread:
            self.add(ino)
        self.unused_with_links()
        self.strays = self.find_strays()
        for ino in self.strays:
            self.add(ino)
        if LEAKED in self.clusters.state:
            self.led_to()

    def mark(self, inode, where):
        for start, count, _ in list(named(self.fs, inode)) + [(n, 1, True) for n in self.apart(inode)]:
            where[start:start + count] = bytes((1,)) * count

    def apart(self, inode):
        """Its block of attributes and its translator, as the slot has them."""
        inode = Inode(self.fs, inode.ino, inode.raw)
        return [n for n in (inode.acl, inode.translator) if 0 < n < self.fs.blocks]

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

    def entries(self):
        """The inodes that names of directories in use lead to."""
        ledger = self.ledger
        return {ino for inode in ledger.inodes.values()
                if inode.kind() == S_IFDIR and inode.links and not inode.why and inode.ino not in self.fs.system
                for ino, _ in ledger.entries(inode)}

    def names(self):
        """The inodes that names of directories in use, the orphan list or file lead to."""
        return {ino for ino in self.ledger.orphans if 0 < ino <= self.fs.inodes} | self.entries()

    def unused(self):
        """Inodes of the unused parts of tables, whose slots are not zero."""
        fs = self.fs
        for n, g in enumerate(fs.groups):
            if g["misplaced"] or self.used(n) == fs.ipg:
                continue
            data = fs.block(g["it"], -(-fs.ipg * fs.isize // fs.bs))[:fs.ipg * fs.isize]
            low = self.used(n) * fs.isize
            if data.count(0, low) < len(data) - low:
                for i in range(self.used(n), fs.ipg):
                    if any(data[i * fs.isize:(i + 1) * fs.isize]):
                        yield n * fs.ipg + i + 1

    def find_strays(self):
        """Inodes in unused parts that something leads to, or may lead to."""
        fs, spare = self.fs, {}
        for ino in self.unused():
            spare[ino] = self.slot(ino)
        if not spare:
            return []
        names = self.names()
        root = (2 - 1) % fs.ipg >= self.used(0)
        if self.unreadable or self.doubtful or self.ledger.corrupt_folders or root or \
                any(spare[ino].kind() == S_IFDIR for ino in names & set(spare)):
            return list(spare)
        return [ino for ino, inode in spare.items() if ino in names or ino in fs.system or
                fs.incompat & INCOMPAT_EA_INODE and inode.flags & FL_EA_INODE and inode.links and
                fs.inode_csum_ok(inode)]

    def led_to(self):
        """Somebody may have the leaked blocks: who has a name or waits for its end, and is not in use."""
        self.doubtful |= self.ledger.corrupt_folders or any(ino > self.fs.inodes or not self.in_bitmap(ino)
                                                            for ino in self.names())
