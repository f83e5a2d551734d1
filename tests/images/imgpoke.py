#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes an image behind debugfs's back: what debugfs cannot write, or would write with a right
checksum.

usage: imgpoke.py IMAGE inode INO OFFSET HEX     bytes of an inode, its checksum left as it was
       imgpoke.py IMAGE block BLOCK OFFSET HEX   bytes of a block
       imgpoke.py IMAGE treecsum INO BLOCK       make the checksum of an extent block right
       imgpoke.py IMAGE orphans INO...           enter inodes into the orphan file

Places are asked of debugfs.
"""

import re
import subprocess
import sys


def debugfs(image, command):
    return subprocess.run(["debugfs", "-c", "-R", command, image], encoding="latin-1",
                          capture_output=True, check=True).stdout


def field(text, pattern):
    m = re.search(pattern, text, re.M)
    if not m:
        sys.exit("imgpoke: debugfs does not say " + pattern)
    return m.group(1)


def crc32c(crc, data):
    """Bit by bit: slow, short, and nobody else's code."""
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc


class Poker:
    def __init__(self, image):
        self.image = image
        self.stats = debugfs(image, "stats -h")
        self.bs = int(field(self.stats, r"^Block size:\s+(\d+)"))

    def write(self, at, data):
        with open(self.image, "r+b") as io:
            io.seek(at)
            io.write(data)

    def read(self, block):
        with open(self.image, "rb") as io:
            io.seek(block * self.bs)
            return bytearray(io.read(self.bs))

    def inode(self, ino, offset, data):
        text = debugfs(self.image, "imap <%s>" % ino)
        block = int(field(text, r"located at block (\d+)"))
        inside = int(field(text, r"offset 0x([0-9a-f]+)"), 16)
        self.write(block * self.bs + inside + int(offset, 0), bytes.fromhex(data))

    def block(self, block, offset, data):
        self.write(int(block) * self.bs + int(offset, 0), bytes.fromhex(data))

    def inode_seed(self, ino):
        m = re.search(r"^Checksum seed:\s+0x([0-9a-f]+)", self.stats, re.M)
        if m:
            seed = int(m.group(1), 16)
        else:
            uuid = field(self.stats, r"^Filesystem UUID:\s+(\S+)").replace("-", "")
            seed = crc32c(0xFFFFFFFF, bytes.fromhex(uuid))
        generation = int(field(debugfs(self.image, "stat <%s>" % ino), r"^Generation: (\d+)"))
        return crc32c(seed, int(ino).to_bytes(4, "little") + generation.to_bytes(4, "little"))

    def treecsum(self, ino, block):
        data = self.read(int(block))
        tail = 12 + 12 * int.from_bytes(data[4:6], "little")
        crc = crc32c(self.inode_seed(ino), data[:tail])
        self.write(int(block) * self.bs + tail, crc.to_bytes(4, "little"))

    def orphans(self, *inodes):
        keeper = field(self.stats, r"^Orphan file inode:\s+(\d+)")
        text = debugfs(self.image, "stat <%s>" % keeper)
        block = int(field(text, r"^(?:EXTENTS|BLOCKS):\n\(0.*?\):(\d+)"))
        data = self.read(block)
        for i, ino in enumerate(inodes):
            data[4 * i:4 * i + 4] = int(ino).to_bytes(4, "little")
        if "metadata_csum" in self.stats:
            crc = crc32c(self.inode_seed(keeper), block.to_bytes(8, "little") + data[:self.bs - 8])
            data[self.bs - 4:] = crc.to_bytes(4, "little")
        self.write(block * self.bs, bytes(data))


def main():
    if len(sys.argv) < 4 or sys.argv[2] not in ("inode", "block", "treecsum", "orphans"):
        sys.exit(__doc__)
    getattr(Poker(sys.argv[1]), sys.argv[2])(*sys.argv[3:])


if __name__ == "__main__":
    main()
