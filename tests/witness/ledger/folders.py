# SPDX-License-Identifier: GPL-2.0-or-later
"""What a directory does not use of its blocks: beside its names, and past the entries of its hash tree."""

from imgfmt import FL_ENCRYPT, FL_INLINE, Bad, crc32c, u16, u32

FL_INDEX, FL_CASEFOLD = 0x1000, 0x40000000
TAIL = 12


def step_of(fs, data, at):
    step = u16(data, at + 4)
    if fs.bs >= 65536:
        return 65536 if step in (0, 65535) else step & 65532 | (step & 3) << 16
    return step


def entries_slack(fs, inode, data, end):
    """The unused stretches of the entries in data[:end], which fill it; Bad if they do not."""
    hashed = inode.flags & FL_ENCRYPT and inode.flags & FL_CASEFOLD
    at, out = 0, []
    while at < end:
        if at + 8 > end:
            raise Bad("an entry reaches past its block")
        step, ino, length = step_of(fs, data, at), u32(data, at), data[at + 6]
        if step < 12 or step % 4 or at + step > end:
            raise Bad("an entry of %d bytes" % step)
        if not ino:
            out.append((at + 8, at + step))
        else:
            if ino > fs.inodes or not length:
                raise Bad("an entry of inode %d" % ino)
            name, stop = data[at + 8:at + 8 + length], 8 + length
            padded = (stop + 3) & ~3
            with_hash = padded + (8 if hashed and name not in (b".", b"..") else 0)
            if with_hash > step:
                raise Bad("a name reaches past its entry")
            out += [(at + stop, at + padded), (at + with_hash, at + step)]
        at += step
    return [span for span in out if span[0] < span[1]]


def names(fs, inode, data, lblk=None):
    """(inode, name) of each entry of a block, or of inline data; Bad where one may be missing."""
    index = inode.flags & FL_INDEX and (lblk == 0 or not u32(data, 0) and step_of(fs, data, 0) == fs.bs)
    if lblk is not None and not index and has_tail(fs, data) and \
            crc32c(fs.inode_seed(inode), data[:fs.bs - TAIL]) != u32(data, fs.bs - 4):
        raise Bad("checksum of a directory block")
    at = 0
    while at + 8 <= len(data):
        step, ino, length = step_of(fs, data, at), u32(data, at), data[at + 6]
        if step < 8 + length or step % 4 or at + step > len(data) or ino and (ino > fs.inodes or not length):
            raise Bad("an entry of a directory")
        if ino:
            yield ino, data[at + 8:at + 8 + length]
        at += step


def all_names(fs, inode):
    """The same of a whole directory."""
    if inode.flags & FL_INLINE:
        room = fs.inline_room(inode)
        yield from names(fs, inode, room[4:60])
        yield from names(fs, inode, room[60:])
        return
    for lblk, pblk, count, written in inode.runs:
        for i in range(min(count, max(0, inode.size // fs.bs - lblk)) if written else 0):
            yield from names(fs, inode, fs.block(pblk + i), lblk + i)


def has_tail(fs, data):
    at = fs.bs - TAIL
    return fs.csum and data[at:at + 8] == b"\0\0\0\0\x0c\0\0\xde"


def leaf_slack(fs, inode, data):
    if not has_tail(fs, data):
        return entries_slack(fs, inode, data, fs.bs)
    if crc32c(fs.inode_seed(inode), data[:fs.bs - TAIL]) != u32(data, fs.bs - 4):
        raise Bad("checksum of a directory block")
    return entries_slack(fs, inode, data, fs.bs - TAIL)


class HashTree:
    """The index blocks and leaves of a directory; Bad if something of it is not valid."""

    def __init__(self, fs, inode, where):
        """WHERE gives the block of a written logical block below size, or None."""
        self.fs, self.inode, self.where = fs, inode, where
        self.slack, self.leaves, self.seen = {}, set(), {0}
        self.limit = -(-inode.size // fs.bs)
        data = self.read(0)
        if step_of(fs, data, 0) != 12 or not u32(data, 0) or data[6] != 1 or data[8:9] != b"." or \
                12 + step_of(fs, data, 12) != fs.bs or not u32(data, 12) or data[18] != 2 or data[20:22] != b"..":
            raise Bad("the root of the hash tree")
        if u32(data, 24) or data[29] != 8 or data[31] & 1 or data[30] > 2:
            raise Bad("the information of the hash tree")
        level = self.index(0, data, 32)
        for _ in range(data[30]):
            below = []
            for lblk in level:
                data = self.read(lblk)
                if u32(data, 0) or step_of(fs, data, 0) != fs.bs:
                    raise Bad("an index block")
                below += self.index(lblk, data, 8)
            level = below
        self.leaves = set(level)

    def read(self, lblk):
        pblk = self.where(lblk)
        if pblk is None:
            raise Bad("an index block is not mapped")
        return self.fs.block(pblk)

    def index(self, lblk, data, start):
        """The logical blocks that the entries name; notes what follows them."""
        fs = self.fs
        limit, count = u16(data, start), u16(data, start + 2)
        tail = start + 8 * limit
        if not 1 <= count <= limit or tail + (8 if fs.csum else 0) > fs.bs:
            raise Bad("count or limit of an index block")
        end = start + 8 * count
        self.slack[lblk] = [(end, fs.bs)]
        if fs.csum:
            crc = crc32c(fs.inode_seed(self.inode), data[:end])
            if crc32c(crc, data[tail:tail + 4] + bytes(4)) != u32(data, tail + 4):
                raise Bad("checksum of an index block")
            self.slack[lblk] = [(end, tail + 4), (tail + 8, fs.bs)]
        out = []
        for i in range(count):
            named = u32(data, start + 8 * i + 4) & 0x0FFFFFFF
            if named >= self.limit or named in self.seen:
                raise Bad("an entry of an index block")
            self.seen.add(named)
            out.append(named)
        return out
