#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks random file systems of many block groups in shards: worlds.py DIR FROM COUNT [SHOW]

Each has files, directories, orphans, attributes, hard links. In some of them blocks of any sort are claimed twice, maps
or directories are corrupt, a descriptor is. SHOW leaves the image of seed FROM and does nothing else.
"""

import os
import random
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fuzz")]
from compare import compare                                                             # noqa: E402
from craft import DIR, ENCRYPT, EXTENTS, Image, LNK, REG, VERITY, index, leaf, names, node, pointers  # noqa: E402

CLUSTER = 4
OPTIONS = ((), ("-v",), ("--paranoid", "-v"), ("--only", "stale-tail,unreadable"), ("--only", "opaque"), ("--paranoid",))


class World:
    def __init__(self, seed):
        self.r = r = random.Random(seed)
        self.kind = r.choice(("plain", "plain", "bigalloc", "bigalloc", "shared", "indirect"))
        self.evil = r.choice((0, 0, 0.02, 0.1, 0.4))
        self.victims = r.choice(("all", "all", "directories", "attributes", "files"))
        self.at = "files"  # what blocks are taken for
        big = self.kind == "bigalloc"
        # no group is smaller with bigalloc: two of them
        self.img = Image(size=(64 if big else 4) << 20, features="filetype,extent" + ",bigalloc" * big,
                         options=() if big else ("-g", "256", "-G", "64", "-O", "^has_journal,flex_bg"))
        self.step = CLUSTER if big else 1
        self.low = self.next = self.img.blocks // (2 if big else 8)
        self.high = self.img.blocks - 8
        self.used, self.trees, self.attributes = [], [], []

    def bad(self, part=1.0):
        return self.r.random() < self.evil * part and self.victims in ("all", self.at)

    def block(self):
        if self.used and self.bad():
            return min(max(self.r.choice(self.used) + self.r.randint(-1, 1), 1), self.high)
        block = self.next
        if block >= self.high:
            block = self.r.randrange(self.low, self.high)
        else:
            self.next += self.step
        self.used.append(block)
        return block

    def attribute(self):
        """A block of attributes: many have the same."""
        if self.attributes and self.r.random() < 0.6:
            return self.r.choice(self.attributes)
        before, self.at = self.at, "attributes"
        block = self.block()
        if self.attributes and self.kind == "bigalloc" and self.bad():
            block = self.r.choice(self.attributes) ^ self.r.randint(1, 3)
        self.at = before
        self.attributes.append(block)
        return block

    def tree(self, leaves):
        """The root above a block with LEAVES, or above another that leads to it."""
        if self.trees and self.bad():
            return node([index(0, self.r.choice(self.trees))], 1)
        entries = [leaf(*x) if not self.bad(0.25) else leaf(x[0], 0, x[2]) for x in leaves]
        top, depth = self.block(), 1
        self.img.block(top, node(entries, 0, room_bytes=self.img.bs))
        self.trees.append(top)
        if self.r.random() < 0.3:
            below, top, depth = top, self.block(), 2
            self.img.block(top, node([index(0, below)], 1, room_bytes=self.img.bs))
            self.trees.append(top)
        return node([index(0, top)], depth)

    def map(self, count, content=None):
        """i_block and flags of COUNT blocks."""
        leaves = []
        for lblk in range(count):
            block = self.block()
            if self.kind == "bigalloc":
                block = block // CLUSTER * CLUSTER + lblk % CLUSTER
            if content:
                self.img.block(block, content[lblk])
            elif self.r.random() < 0.5:
                self.img.fill(block, 1)
            leaves.append((lblk, 1 if not self.bad(0.1) else 0, block))
        if self.kind == "indirect":
            return pointers([block for _, _, block in leaves][:12]), 0
        if len(leaves) > 4 or self.r.random() < 0.25:
            return self.tree(leaves), EXTENTS
        return node([leaf(*x) for x in leaves]), EXTENTS

    def directory(self, ino, children):
        entries = [(ino, b"."), (2, b"..")] + [(child, b"n%d-%d" % (child, self.r.randrange(99))) for child in children]
        content = []
        while entries:
            count = self.r.randint(3, 30)
            content.append(names(self.img.bs, entries[:count]))
            entries = entries[count:]
        if self.bad(0.5):
            content[-1] = b"\0\0\0\0\x03\0\1\1" + content[-1][8:]
        i_block, flags = self.map(len(content), content)
        at = self.img.inode(ino, DIR, len(content) * self.img.bs, flags, i_block, links=0 if self.bad(0.2) else 2)
        if self.r.random() < 0.2:
            self.img.put(at + 0x68, self.attribute())

    def file(self, ino):
        r, count = self.r, self.r.randint(0, 6)
        i_block, flags = self.map(count)
        if r.random() < 0.05:
            flags |= ENCRYPT
        if r.random() < 0.02 and flags & EXTENTS:
            flags |= VERITY
        size = max(0, count * self.img.bs - r.choice((0, 0, 100, 1000, 1500, 2500)))
        at = self.img.inode(ino, LNK if r.random() < 0.05 else REG, size, flags, i_block, links=r.random() > 0.05)
        if r.random() < 0.3:
            self.img.put(at + 0x68, self.attribute())

    def make(self):
        r, img = self.r, self.img
        chosen = sorted(r.sample(range(12, min(img.inodes, 250)), r.randint(5, 120)))
        folders = r.sample(chosen, max(1, len(chosen) // 6))
        children = {folder: [] for folder in [2] + folders}
        for ino in chosen:
            for _ in range(1 if r.random() < 0.8 else r.randint(0, 3)):
                children[r.choice(list(children))].append(ino)
        self.at = "directories"
        for folder in children:
            self.directory(folder, children[folder])
        self.at = "files"
        files = [ino for ino in chosen if ino not in children]
        for ino in files:
            self.file(ino)
        orphans = [ino for ino in files if r.random() < 0.06]
        orphans += [r.randrange(1, img.inodes + 9) if self.bad() else 0]
        img.sb(0xE8, orphans[0])
        for ino, after in zip(orphans, orphans[1:]):
            img.put(img.slot(ino) + 0x14, after)
        if self.kind == "shared":
            img.sb(0x64, img.get(1024 + 0x64) | 0x4000)
        if r.random() < self.evil / 2:
            img.put(img.desc + 32 * r.randrange(16) + r.choice((4, 8, 14)), r.choice((0, 5, 0xFFFF)), 2)
        return img.data


def main():
    folder, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    image, bad, hows = os.path.join(folder, "image"), 0, {}
    for seed in range(first, first + count):
        world = World(seed)
        with open(image, "wb") as out:
            out.write(world.make())
        if len(sys.argv) > 4:
            return 0
        choice = random.Random(seed)
        shards, options = choice.choice((2, 2, 3, 7, 20)), choice.choice(OPTIONS)
        how, fault = compare(image, shards, options)
        hows[how] = hows.get(how, 0) + 1
        if fault:
            bad += 1
            print(f"seed {seed}: {shards} shards, {' '.join(options)}: {how}: {fault}"[:1500], file=sys.stderr)
    print(f"{count} images: {hows}, {bad} differ")
    return bad or len(hows) < 2


sys.exit(main())
