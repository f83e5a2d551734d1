#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes the hash tree of a directory of an image, and nothing else.

usage: lookup.py IMAGE DIRECTORY continue HASH   every block after the first is entered as one that
                                                 continues the names of HASH
       lookup.py IMAGE DIRECTORY stop HASH       the same, without the bit that says so
       lookup.py IMAGE DIRECTORY loop            every entry leads to the root
       lookup.py IMAGE DIRECTORY beyond          every entry leads past the end of the directory
       lookup.py IMAGE DIRECTORY root OFF HEX    bytes of the root
       lookup.py IMAGE DIRECTORY random SEED     bytes of its index blocks, the first 24 of the root excepted

Places are asked of debugfs.
"""

import random
import re
import struct
import subprocess
import sys


def debugfs(image, command):
    return subprocess.run(["debugfs", "-c", "-R", command, image], encoding="latin-1",
                          capture_output=True, check=True).stdout


class Tree:
    def __init__(self, image, directory):
        self.image = image
        self.bs = int(re.search(r"^Block size:\s+(\d+)", debugfs(image, "stats -h"), re.M)[1])
        self.blocks = [int(b) for b in debugfs(image, "blocks " + directory).split()]
        self.root = self.read(self.blocks[0])

    def read(self, block):
        with open(self.image, "rb") as io:
            io.seek(block * self.bs)
            return bytearray(io.read(self.bs))

    def write(self, block, data):
        with open(self.image, "r+b") as io:
            io.seek(block * self.bs)
            io.write(data)

    def entries(self, change):
        """change(hash, block) of each entry of the root but the first, which has no hash."""
        count = struct.unpack_from("<H", self.root, 34)[0]
        for at in range(40, 32 + count * 8, 8):
            struct.pack_into("<II", self.root, at, *change(*struct.unpack_from("<II", self.root, at)))
        self.write(self.blocks[0], self.root)

    def index_blocks(self):
        """An index block looks like one unused entry; blocks lists leaves and index blocks alike."""
        empty = struct.pack("<IH", 0, self.bs)
        return [b for b in self.blocks[1:] if self.read(b)[:6] == empty]

    def damage(self, seed):
        rng = random.Random(seed)
        for block in [self.blocks[0]] + self.index_blocks():
            data = self.read(block)
            first = 24 if block == self.blocks[0] else 8
            # the head of an index block, its first entries, or any
            end = rng.choice([first + 8, first + 40, self.bs])
            for _ in range(rng.choice([1, 2, 8, 200])):
                data[rng.randrange(first, end)] = rng.choice([0, 1, 255, rng.randrange(256)])
            self.write(block, data)


def main():
    image, directory, how, *rest = sys.argv[1:]
    tree = Tree(image, directory)
    if how == "continue":
        tree.entries(lambda _, block: (int(rest[0], 16) | 1, block))
    elif how == "stop":
        tree.entries(lambda _, block: (int(rest[0], 16) + 2, block))
    elif how == "loop":
        struct.pack_into("<I", tree.root, 36, 0)
        tree.entries(lambda h, _: (h, 0))
    elif how == "beyond":
        struct.pack_into("<I", tree.root, 36, 1 << 24)
        tree.entries(lambda h, _: (h, 0xFFFFFFF0))
    elif how == "root":
        data = bytes.fromhex(rest[1])
        tree.root[int(rest[0]):int(rest[0]) + len(data)] = data
        tree.write(tree.blocks[0], tree.root)
    else:
        tree.damage(int(rest[0]))


if __name__ == "__main__":
    main()
