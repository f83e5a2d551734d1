# SPDX-License-Identifier: GPL-2.0-or-later
"""Damage for a ledger: bytes of slots, directories, attributes, trees and descriptors, and bitmaps that lie and add up.

Most of it is sealed: the checksums that cover it are right again.
"""

import random
import struct

from imgfmt import INCOMPAT_MMP, OS_LINUX, S_IFDIR, crc32c, u16, u32
from ledger import Ledger
import folders
import imgfmt

SLOT = [0, 1, 4, 5, 6, 7, 0x1A, 0x1C, 0x20, 0x21, 0x22, 0x23, 0x68, 0x69, 0x6C, 0x70, 0x7E, 0x80, 0x81] + list(range(0x28, 0x64))


# sets of flags: a hash after each encrypted name, a hash tree, inline data, extents, an attribute's value, a Merkle tree
FLAGS = (0x40000800, 0x1000, 0x10000000, 0x80000, 0x200000, 0x100000, 0x800)


class Everywhere:
    def __init__(self, image):
        with open(image, "rb") as f:
            self.original = f.read()
        self.fs = fs = imgfmt.Image(image)
        self.ledger = ledger = Ledger(fs)
        ledger.run()
        self.folders, self.values, self.trees, self.own, self.log = [], [], [], [], 0
        self.owner = {}
        for inode in ledger.inodes.values():
            blocks = [p + i for _, p, c, w in inode.runs for i in range(c if w else 0)]
            if inode.kind() == S_IFDIR:
                self.folders += blocks
                self.owner.update((block, inode) for block in blocks)
            elif inode.ino in fs.system:
                self.own += blocks[:2]
                if inode.ino == u32(fs.sb, 0xE0):
                    self.log = blocks[0] * fs.bs
            self.trees += inode.tree
            self.owner.update((block, inode) for block in inode.tree)
            self.values += [inode.acl] if inode.acl else []
        if fs.incompat & INCOMPAT_MMP:
            self.own.append(ledger.clusters.mmp_block())

    def slot(self, dice):
        fs = self.fs
        ino = dice.choice(list(self.ledger.inodes)) if dice.random() < 0.8 else dice.randrange(1, fs.inodes + 1)
        if dice.random() < 0.1:
            ino = dice.choice((1, 2, 7, 8, 11))
        group, i = divmod(ino - 1, fs.ipg)
        at = dice.choice(SLOT) if dice.random() < 0.7 else dice.randrange(fs.isize)
        return fs.groups[group]["it"] * fs.bs + i * fs.isize + at, "inode %d+0x%x" % (ino, at)

    def in_block(self, dice, blocks, what):
        block, at = dice.choice(blocks), dice.randrange(self.fs.bs)
        if dice.random() < 0.7:
            at %= 80
        return block * self.fs.bs + at, "%s block %d+%d" % (what, block, at)

    def descriptor(self, group):
        per_block = self.fs.bs // self.fs.desc_size
        return self.fs._desc_block(group // per_block, per_block) * self.fs.bs + group % per_block * self.fs.desc_size

    def place(self, dice):
        """A byte of the image and what it belongs to."""
        fs, group = self.fs, dice.randrange(self.fs.ngroups)
        lists = [(x, n) for x, n in ((self.folders, "directory"), (self.values, "attribute"), (self.trees, "tree"),
                                     (self.own, "system")) if x]
        way = dice.random()
        if way < 0.35:
            return self.slot(dice)
        if way < 0.8:
            at, what = self.in_block(dice, *dice.choice(lists))
            # a log that seems to wait for its replay is another matter
            return (at, what) if at - self.log not in range(28, 32) else self.slot(dice)
        if way < 0.9:
            at = dice.randrange(fs.desc_size)
            return self.descriptor(group) + at, "descriptor %d+%d" % (group, at)
        key = dice.choice(("bb", "ib"))
        at = dice.randrange(fs.bs) if dice.random() < 0.5 else dice.randrange(fs.ipg // 8)
        return fs.groups[group][key] * fs.bs + at, "bitmap %s %d+%d" % (key, group, at)

    def flag(self, dice, data):
        """An inode gets flags, or loses them."""
        fs, ino, flags = self.fs, dice.choice(list(self.ledger.inodes)), dice.choice(FLAGS)
        group, i = divmod(ino - 1, fs.ipg)
        at = fs.groups[group]["it"] * fs.bs + i * fs.isize + 0x20
        self.put(data, at, u32(data, at) ^ flags)
        self.seal(data, at)
        return "flags %x of inode %d" % (flags, ino)

    def lie(self, dice, data):
        """One bit of a bitmap is wrong, and the group's count says so, too."""
        fs, group = self.fs, dice.randrange(self.fs.ngroups)
        key, count = dice.choice((("bb", 0x0C), ("ib", 0x0E)))
        low, high = self.ledger.clusters.span(group)
        bit = dice.randrange(high - low if key == "bb" else fs.ipg)
        at, desc = fs.groups[group][key] * fs.bs + bit // 8, self.descriptor(group)
        data[at] ^= 1 << bit % 8
        free = u16(data, desc + count) + (-1 if data[at] >> bit % 8 & 1 else 1)
        data[desc + count:desc + count + 2] = struct.pack("<H", free & 0xFFFF)
        self.seal(data, at)
        return "bit %d of %s %d" % (bit, key, group)

    # -- checksums ---------------------------------------------------------------------------------

    def seal(self, data, at):
        """Make the checksums right that cover the byte AT."""
        fs, block = self.fs, at // self.fs.bs
        if not fs.csum or fs.creator != OS_LINUX:
            return False
        for n, g in enumerate(fs.groups):
            table = -(-fs.ipg * fs.isize // fs.bs)
            if g["it"] <= block < g["it"] + table and not g["misplaced"]:
                return self.seal_slot(data, n * fs.ipg + (at - g["it"] * fs.bs) // fs.isize + 1)
            if block in (g["bb"], g["ib"]) or self.descriptor(n) <= at < self.descriptor(n) + fs.desc_size:
                return self.seal_group(data, n)
        start = block * fs.bs
        raw = bytes(data[start:start + fs.bs])
        if block in self.values:
            crc = crc32c(crc32c(fs.seed, block.to_bytes(8, "little")), raw[:16] + bytes(4) + raw[20:])
            self.put(data, start + 16, crc)
        elif block in self.trees and 12 + 12 * u16(raw, 4) + 4 <= fs.bs:
            tail = 12 + 12 * u16(raw, 4)
            self.put(data, start + tail, crc32c(fs.inode_seed(self.owner[block]), raw[:tail]))
        elif block in self.folders and folders.has_tail(fs, raw):
            self.put(data, start + fs.bs - 4, crc32c(fs.inode_seed(self.owner[block]), raw[:fs.bs - 12]))
        else:
            return False
        return True

    @staticmethod
    def put(data, at, value, length=4):
        data[at:at + length] = (value & (1 << 8 * length) - 1).to_bytes(length, "little")

    def seal_slot(self, data, ino):
        fs = self.fs
        group, i = divmod(ino - 1, fs.ipg)
        at = fs.groups[group]["it"] * fs.bs + i * fs.isize
        raw = bytearray(data[at:at + fs.isize])
        wide = fs.isize > 128 and u16(raw, 0x80) >= 4
        raw[0x7C:0x7E] = bytes(2)
        if wide:
            raw[0x82:0x84] = bytes(2)
        seed = crc32c(crc32c(fs.seed, struct.pack("<I", ino)), raw[0x64:0x68])
        crc = crc32c(seed, raw)
        self.put(data, at + 0x7C, crc, 2)
        if wide:
            self.put(data, at + 0x82, crc >> 16, 2)
        return True

    def seal_group(self, data, n):
        fs, at = self.fs, self.descriptor(n)
        for key, length, low, high in (("bb", fs.bpg // fs.ratio // 8, 0x18, 0x38), ("ib", fs.ipg // 8, 0x1A, 0x3A)):
            start = fs.groups[n][key] * fs.bs
            crc = crc32c(fs.seed, data[start:start + length])
            self.put(data, at + low, crc, 2)
            if fs.desc_size >= 64:
                self.put(data, at + high, crc >> 16, 2)
        self.put(data, at + 0x1E, 0, 2)
        self.put(data, at + 0x1E, crc32c(crc32c(fs.seed, struct.pack("<I", n)), data[at:at + fs.desc_size]), 2)
        return True

    def mutant(self, number):
        dice, data, story = random.Random(number), bytearray(self.original), []
        for _ in range(dice.choice((1, 1, 2, 4))):
            if dice.random() < 0.3:
                story.append(dice.choice((self.lie, self.lie, self.flag))(dice, data))
                continue
            at, what = self.place(dice)
            if at >= len(data):
                continue
            value = dice.choice((0, 255, 1 << dice.randrange(8), dice.randrange(256)))
            data[at] = value if dice.random() < 0.5 else data[at] ^ value
            if dice.random() < 0.8:
                what += " sealed" if self.seal(data, at) else ""
            story.append("%s=%02x" % (what, data[at]))
        return data, ", ".join(story)
