# SPDX-License-Identifier: GPL-2.0-or-later
"""Damage for a ledger: bytes of slots, directories, attributes, trees and descriptors, and bitmaps that lie and add up."""

import random
import struct

from imgfmt import INCOMPAT_MMP, S_IFDIR, u16
from ledger import Ledger
import imgfmt

SLOT = [0, 1, 4, 5, 6, 7, 0x1A, 0x1C, 0x20, 0x21, 0x22, 0x23, 0x68, 0x69, 0x6C, 0x70, 0x7E, 0x80, 0x81] + list(range(0x28, 0x64))


class Everywhere:
    def __init__(self, image):
        with open(image, "rb") as f:
            self.original = f.read()
        self.fs = fs = imgfmt.Image(image)
        self.ledger = ledger = Ledger(fs)
        ledger.run()
        self.folders, self.values, self.trees, self.own = [], [], [], []
        for inode in ledger.inodes.values():
            blocks = [p + i for _, p, c, w in inode.runs for i in range(c if w else 0)]
            if inode.kind() == S_IFDIR:
                self.folders += blocks
            elif inode.ino in fs.system:
                self.own += blocks[:2]
            self.trees += inode.tree
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
            return self.in_block(dice, *dice.choice(lists))
        if way < 0.9:
            at = dice.randrange(fs.desc_size)
            return self.descriptor(group) + at, "descriptor %d+%d" % (group, at)
        key = dice.choice(("bb", "ib"))
        at = dice.randrange(fs.bs) if dice.random() < 0.5 else dice.randrange(fs.ipg // 8)
        return fs.groups[group][key] * fs.bs + at, "bitmap %s %d+%d" % (key, group, at)

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
        return "bit %d of %s %d" % (bit, key, group)

    def mutant(self, number):
        dice, data, story = random.Random(number), bytearray(self.original), []
        for _ in range(dice.choice((1, 1, 2, 4))):
            if dice.random() < 0.2:
                story.append(self.lie(dice, data))
                continue
            at, what = self.place(dice)
            if at >= len(data):
                continue
            value = dice.choice((0, 255, 1 << dice.randrange(8), dice.randrange(256)))
            data[at] = value if dice.random() < 0.5 else data[at] ^ value
            story.append("%s=%02x" % (what, data[at]))
        return data, ", ".join(story)
