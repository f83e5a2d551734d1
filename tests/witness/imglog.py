# SPDX-License-Identifier: GPL-2.0-or-later
"""What a log that was not replayed would write, for the witness: by its own reading, in three passes as recovery has.

Shares no code with lib/, which walks the log once. A log that it does not know is Bad, and so is a damaged one.
"""

import struct

from imgfmt import Bad, Inode, crc32c, u32

MAGIC = 0xC03B3998
DESCRIPTOR, COMMIT, SUPER_V1, SUPER_V2, REVOKE = 1, 2, 3, 4, 5
COMPAT_CHECKSUM = 1
WIDE, CSUM_V2, CSUM_V3, FAST_COMMIT = 0x2, 0x8, 0x10, 0x20
KNOWN = 0x1F
ESCAPED, SAME_UUID, LAST = 1, 2, 8


def be32(buf, at):
    return struct.unpack_from(">I", buf, at)[0]


class Log:
    """The journal inode's blocks, read through the image as it is."""

    def __init__(self, fs):
        self.fs, self.bs = fs, fs.bs
        ino = u32(fs.sb, 0xE0)
        if not ino:
            raise Bad("the journal is not in the image")
        group, i = divmod(ino - 1, fs.ipg)
        at = i * fs.isize
        table = fs.block(fs.groups[group]["it"] + at // fs.bs)
        inode = Inode(fs, ino, table[at % fs.bs:at % fs.bs + fs.isize])
        fs.read_map(inode)
        self.places = [p + i for _, p, c, _ in inode.runs for i in range(c)]
        sb = fs.block(self.places[0])
        self.kind = be32(sb, 4)
        if be32(sb, 0) != MAGIC or self.kind not in (SUPER_V1, SUPER_V2) or be32(sb, 12) != self.bs:
            raise Bad("no superblock of a log")
        self.incompat = be32(sb, 0x28) if self.kind == SUPER_V2 else 0
        if self.kind == SUPER_V2 and (be32(sb, 0x24) & COMPAT_CHECKSUM or self.incompat & ~KNOWN):
            raise Bad("a log of a kind that is not read here")
        self.end, self.first = be32(sb, 16), be32(sb, 20)
        self.tid, self.start = be32(sb, 24), be32(sb, 28)
        self.csum = bool(self.incompat & (CSUM_V2 | CSUM_V3))
        self.seed = crc32c(0xFFFFFFFF, sb[0x30:0x40])
        if self.end > len(self.places) or not self.first <= self.start < self.end and self.start:
            raise Bad("a log beyond its inode")

    def block(self, n):
        return self.fs.block(self.places[self.first + (n - self.first) % (self.end - self.first)])

    def tail_ok(self, data):
        return not self.csum or crc32c(self.seed, data[:-4] + bytes(4)) == be32(data, self.bs - 4)

    def commit_ok(self, data):
        zeroed = data[:16] + bytes(4) + data[20:]
        return not self.csum or crc32c(self.seed, zeroed) == be32(data, 16)

    def tags(self, data):
        """(block, flags, checksum) of each"""
        at, end = 12, self.bs - (4 if self.csum else 0)
        size = 16 if self.incompat & CSUM_V3 else 8 + 4 * bool(self.incompat & WIDE) + 2 * bool(self.incompat & CSUM_V2)
        flags = 0
        while not flags & LAST and at + size <= end:
            block = be32(data, at)
            if self.incompat & CSUM_V3:
                flags, high, csum = struct.unpack_from(">III", data, at + 4)
            else:
                csum, flags = struct.unpack_from(">HH", data, at + 4)
                high = be32(data, at + 8) if self.incompat & WIDE else 0
            yield block | (high << 32 if self.incompat & WIDE else 0), flags, csum
            at += size + (0 if flags & SAME_UUID else 16)

    def revoked(self, data):
        size = 8 if self.incompat & WIDE else 4
        used = be32(data, 12)
        for at in range(16, used - size + 1, size):
            yield int.from_bytes(data[at:at + size], "big")

    def transactions(self):
        """(number, [(block, flags, checksum, log block)], [revoked]) of each that is committed, in order."""
        at, tid, writes, revokes, walked = self.start, self.tid, [], [], 0
        while walked < self.end - self.first:
            data = self.block(at)
            if be32(data, 0) != MAGIC or be32(data, 8) != tid:
                return
            kind, step = be32(data, 4), 1
            if kind == DESCRIPTOR and self.tail_ok(data):
                for block, flags, csum in self.tags(data):
                    writes.append((block, flags, csum, at + step))
                    step += 1
            elif kind == REVOKE and self.tail_ok(data):
                revokes += self.revoked(data)
            elif kind == COMMIT and self.commit_ok(data):
                yield tid, writes, revokes
                tid, writes, revokes = (tid + 1) & 0xFFFFFFFF, [], []
            else:
                return
            at, walked = at + step, walked + step

    def content(self, tid, flags, csum, at):
        data = self.block(at)
        if self.csum:
            got = crc32c(crc32c(self.seed, struct.pack(">I", tid)), data)
            if (got if self.incompat & CSUM_V3 else got & 0xFFFF) != csum:
                raise Bad("a block of transaction %d" % tid)
        return struct.pack(">I", MAGIC) + data[4:] if flags & ESCAPED else data

    def overlay(self):
        """block: its content after the replay"""
        if not self.start:
            return {}
        known = list(self.transactions())
        last_revoke = {block: i for i, (_, _, revokes) in enumerate(known) for block in revokes}
        over = {}
        for i, (tid, writes, _) in enumerate(known):
            for block, flags, csum, at in writes:
                if last_revoke.get(block, -1) < i:
                    over[block] = self.content(tid, flags, csum, at)
        return over


def look_through(fs):
    """The superblock after the replay, and what else is different then."""
    over, at = Log(fs).overlay(), 1024 // fs.bs
    sb = over[at][1024 % fs.bs:][:1024] if at in over else fs.sb
    if u32(sb, 0x18) != u32(fs.sb, 0x18):
        raise Bad("another block size after the replay")
    return sb, over
