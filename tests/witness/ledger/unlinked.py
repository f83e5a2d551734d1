# SPDX-License-Identifier: GPL-2.0-or-later
"""Inodes without links: whether it is certain that one can be freed, with what it shares with others by counts of references."""

from collections import Counter

import attrs
import folders
import slots
from imgfmt import FL_EA_INODE, FL_INLINE, S_IFDIR, S_IFREG, Bad, u16, u32
from slots import INCOMPAT_EA_INODE

MOST_REFERENCES = 1024


def references(inode):
    """Of an inode with a value: i_ctime is the high half, l_i_version the low one."""
    return u32(inode.raw, 0x0C) << 32 | u32(inode.raw, 0x24)


class Held:
    """What an inode has beside its map: values in other inodes, named in the slot or in the block of attributes. Bad: not valid."""

    def __init__(self, fs, static, inode):
        self.in_slot, self.in_block, self.count = [], [], None
        start = slots.body_start(fs, inode)
        if start + 4 <= fs.isize and u16(inode.raw, 0x80) and u32(inode.raw, start) == attrs.MAGIC:
            self.in_slot = self.values(inode.raw, start + 4, start + 4)
        if inode.acl:
            if not fs.inside(inode.acl) or static[inode.acl]:
                raise Bad("a block of attributes outside of its place")
            attrs.block_slack(fs, inode.acl)
            self.in_block = self.values(fs.block(inode.acl), 32, 0)
            self.count = u32(fs.block(inode.acl), 4)
            if not 1 <= self.count <= MOST_REFERENCES:
                raise Bad("h_refcount %d" % self.count)
        if self.in_slot + self.in_block and not fs.incompat & INCOMPAT_EA_INODE:
            raise Bad("a value in an inode")

    @staticmethod
    def values(data, first, base):
        attrs.used(data, first, base)
        return [inum for _, _, _, _, inum, _, _ in attrs.entries(data, first) if inum]


class Unlinked:
    def __init__(self, ledger):
        self.ledger, self.fs, self.clusters = ledger, ledger.fs, ledger.clusters
        self.named = ledger.doubt.entries()
        self.all_named = not ledger.corrupt_folders and \
            not any(i.why and i.links and i.kind() == S_IFDIR for i in ledger.inodes.values())
        self.of_block, self.of_value, self.all_counted = Counter(), Counter(), not any(g["misplaced"] for g in self.fs.groups)
        for n in range(self.fs.ngroups):
            for inode in self.in_use(n):
                self.count(inode)

    def held(self, inode):
        return Held(self.fs, self.clusters.static, inode)

    def in_use(self, n):
        """All inodes of the group that are in use, whatever they are."""
        doubt, bits = self.ledger.doubt, self.ledger.doubt.bitmaps[n]
        for i in range(0 if self.fs.groups[n]["misplaced"] else doubt.used(n)):
            inode = doubt.slot(n * self.fs.ipg + i + 1)
            if bits[i >> 3] >> (i & 7) & 1 if bits is not None else inode.links and inode.mode:
                yield inode

    def count(self, inode):
        """Its references; of a block that several have, those of the block once."""
        if not self.fs.inode_csum_ok(inode):
            self.all_counted = False
            return
        if not inode.mode:
            return
        first = inode.acl not in self.of_block
        self.of_block[inode.acl] += 1
        try:
            held = self.held(inode)
        except Bad:
            self.all_counted = False
            return
        self.of_value.update(held.in_slot + (held.in_block if first else []))

    # -- the conditions ----------------------------------------------------------------------------

    def certain(self, inode, blocks):
        """INODE has BLOCKS, of its map and its tree."""
        fs, ledger = self.fs, self.ledger
        if not ledger.doubt.in_bitmap(inode.ino) or not fs.inode_csum_ok(inode) or inode.ino not in ledger.orphans or \
                inode.ino in fs.system or inode.translator or inode.why or self.twice(inode) or not self.free_of_doubt(blocks):
            return False
        if inode.flags & FL_EA_INODE and (references(inode) or self.of_value[inode.ino] or not self.all_counted):
            return False
        if not self.all_named or inode.ino in self.named or inode.kind() == S_IFDIR and not self.is_empty(inode):
            return False
        try:
            held = self.held(inode)
        except Bad:
            return False
        if inode.acl and (held.count != self.of_block[inode.acl] or not self.free_of_doubt([inode.acl])):
            return False
        return all(self.is_value(inode, ino) for ino in held.in_slot + held.in_block)

    def free_of_doubt(self, blocks):
        fs, clusters = self.fs, self.clusters
        return not any(clusters.disputed(b) or clusters.believed[clusters.group_of(b)] is None for b in blocks) and \
            not self.ledger.may_have((b - b % fs.ratio, fs.ratio) for b in blocks)

    @staticmethod
    def twice(inode):
        blocks = inode.tree + [p + i for _, p, c, _ in inode.runs for i in range(c)]
        return len(set(blocks)) < len(blocks)

    def is_value(self, parent, ino):
        """The inode INO has the value of an attribute of PARENT's, and all who refer to it are known."""
        fs, ledger = self.fs, self.ledger
        inode = ledger.inodes.get(ino)
        if not self.all_counted or inode is None or ino in fs.system or ino in ledger.orphans or inode.why or not inode.links:
            return False
        if inode.kind() != S_IFREG or not inode.flags & FL_EA_INODE or inode.flags & FL_INLINE or inode.acl:
            return False
        if u32(inode.raw, 0x10) == parent.ino and inode.generation == parent.generation:
            return False
        blocks = inode.tree + [p + i for _, p, c, _ in inode.runs for i in range(c)]
        return 0 < references(inode) == self.of_value[ino] and not self.twice(inode) and self.free_of_doubt(blocks)

    def is_empty(self, inode):
        """A directory that can be read, and has no other entries than "." and ".."."""
        try:
            return all(name in (b".", b"..") for _, name in folders.all_names(self.fs, inode))
        except Bad:
            return False
