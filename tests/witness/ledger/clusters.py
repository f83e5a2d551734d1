# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cluster is whose: what static metadata and inodes claim, against what the bitmaps of blocks say."""

from imgfmt import FL_EXTENTS, ExtentMap, IndirectMap, INCOMPAT_META_BG, INCOMPAT_MMP, RO_GDT_CSUM, crc32c, u16, u32, u64
from named import named

BG_BLOCK_UNINIT = 0x2
COMPAT_RESIZE = 0x10
BAD_BLOCKS, RESIZE = 1, 7
OWNED, DISPUTED, FREE, LEAKED = range(4)
ONE_MORE = bytes((1,)) + bytes((2,)) * 255  # a cluster that is claimed more than twice is claimed twice


def runs_of(flags, wanted, start, end):
    """(start, count) of the runs of `wanted` in flags[start:end]."""
    at = flags.find(wanted, start, end)
    while at >= 0:
        stop = at
        while stop < end and flags[stop] == wanted:
            stop += 1
        yield at, stop - at
        at = flags.find(wanted, stop, end)


class Clusters:
    def __init__(self, witness):
        self.witness, self.fs = witness, witness.fs
        fs = self.fs
        self.count = -(-fs.blocks // fs.ratio)
        self.spans = [s for s in self._clipped(self._layout())]
        self.static, self.claims = bytearray(fs.blocks), bytearray(self.count)
        for _, start, count in self.spans:
            for block in range(start, start + count) if 1 in self.static[start:start + count] else ():
                if self.static[block]:  # two parts have it
                    self.claim(block // fs.ratio, block // fs.ratio + 1)
            self.static[start:start + count] = bytes((1,)) * count
        self._inodes_of_the_system()
        self.of_static = bytearray(self.count)
        for start, count in runs_of(self.static, 1, 0, fs.blocks):
            low, high = start // fs.ratio, (start + count - 1) // fs.ratio + 1
            self.of_static[low:high] = bytes((1,)) * (high - low)
        for start, count in runs_of(self.of_static, 1, 0, self.count):
            self.claim(start, start + count)
        self._inodes()
        self.state = bytearray(self.count)
        self.believed = [self._bitmap(n) for n in range(fs.ngroups)]
        for n in range(fs.ngroups):
            self._judge(n)

    # -- static metadata ---------------------------------------------------------------------------

    def believe(self, g):
        """The flags and counts of the group can be relied on."""
        return g["trusted"] and (self.fs.csum or bool(self.fs.ro & RO_GDT_CSUM))

    def doubted(self, g):
        """The descriptor has a checksum, and it is wrong."""
        return (self.fs.csum or bool(self.fs.ro & RO_GDT_CSUM)) and not g["trusted"]

    def _layout(self):
        fs = self.fs
        table = -(-fs.ipg * fs.isize // fs.bs)
        if fs.first_data == 0 and fs.super_block(0):
            yield "superblock", 0, 1    # what precedes the superblock, too
        for n in range(fs.ngroups):
            if fs.has_super(n):
                yield "superblock", fs.super_block(n), 1
        for n in range(fs.ngroups):
            for start, count in self.descriptors(n):
                yield "descriptors", start, count
        for n in range(fs.ngroups):
            for start, count in self.reserved(n):
                yield "resize-inode", start, count
        for g in fs.groups:
            for key in ("bb", "ib"):
                if fs.inside(g[key]):
                    yield "bitmaps", g[key], 1
        for g in fs.groups:
            if not g["misplaced"]:
                yield "inodes", g["it"], table
        if self.mmp_block():
            yield "mmp", self.mmp_block(), 1

    def mmp_block(self):
        fs = self.fs
        return u64(fs.sb, 0x168) if fs.incompat & INCOMPAT_MMP and fs.inside(u64(fs.sb, 0x168)) else 0

    def descriptors(self, n):
        """The blocks of descriptors that group N has, their copies too."""
        fs, per_block = self.fs, self.fs.bs // self.fs.desc_size
        first_meta = u32(fs.sb, 0x104) if fs.incompat & INCOMPAT_META_BG else fs.desc_blocks
        after = fs.super_block(n) + (1 if fs.has_super(n) else 0)
        if not fs.incompat & INCOMPAT_META_BG or n // per_block < first_meta:
            if fs.has_super(n) and first_meta:
                yield after, first_meta
        elif n % per_block in (0, 1, per_block - 1):
            yield after, 1

    def reserved(self, n):
        """The blocks reserved for descriptors in group N."""
        fs = self.fs
        if fs.has_super(n) and not fs.incompat & INCOMPAT_META_BG and u16(fs.sb, 0xCE):
            yield fs.super_block(n) + 1 + fs.desc_blocks, u16(fs.sb, 0xCE)

    def _clipped(self, spans):
        for name, start, count in spans:
            end = min(start + count, self.fs.blocks)
            if start < end:
                yield name, start, end - start

    def _inodes_of_the_system(self):
        """What the inodes 7 and 1 have outside of all this."""
        fs = self.fs
        self.unread, self.backups, more = [], set(), []
        if fs.compat & COMPAT_RESIZE:
            inode = self.inode(RESIZE)
            top = u32(inode.raw, 0x28 + 4 * 13) if inode else 0
            more += [("resize-inode", start, 1) for start, _ in self._resize(top)]
            self.backups = {start for start, depth in self._resize(top) if depth == 2 and not self.static[start]}
        inode = self.inode(BAD_BLOCKS)
        if inode:
            more += [("bad-blocks", start, count) for start, count, _ in named(fs, inode)]
            self._read(inode)
        everywhere = bool(fs.incompat & INCOMPAT_META_BG and fs.compat & COMPAT_RESIZE)
        for name, start, count in self._clipped(more):
            for block in range(start, start + count):
                if not self.static[block]:
                    self.static[block] = 1
                    self.spans.append((name, block, 1))
                elif everywhere and name == "resize-inode":
                    self.claim(block // fs.ratio, block // fs.ratio + 1)

    def inode(self, ino):
        inode = self.fs.sound_inode(ino)
        if inode is None:
            self.unread.append(ino)
        return inode

    def _read(self, inode):
        """Where its map is not valid it is as if the inode could not be read. It has no type that says that there is one."""
        inode.runs, inode.tree, inode.met = [], [], []
        walk = ExtentMap if inode.flags & FL_EXTENTS else IndirectMap
        if any(inode.raw[0x28:0x64]) and walk(self.fs, inode).read():
            self.unread.append(inode.ino)

    def _resize(self, top):
        seen, level = {top}, [top]
        for depth in range(3):
            for block in level:
                if self.fs.inside(block):
                    yield block, depth
            if depth < 2:
                below = []
                for block in level:
                    if self.fs.inside(block):
                        data = self.fs.block(block)
                        below += [w for w in (u32(data, at) for at in range(0, self.fs.bs, 4)) if w and w not in seen]
                        seen.update(below)
                level = below

    # -- claims ------------------------------------------------------------------------------------

    def claim(self, low, high):
        self.claims[low:high] = self.claims[low:high].translate(ONE_MORE)

    def _inodes(self):
        fs, witness = self.fs, self.witness
        once = set()
        for low, high, _ in witness.spans:
            self.claim(low, high)
        for cluster, inodes in witness.attrs.items():
            once.update((cluster, block) for block in {inode.acl for inode in inodes})
        if witness.shared:
            for inode in witness.inodes.values():
                once.update((n // fs.ratio, None) for n in (inode.acl, inode.translator) if n)
                for _, p, c, _ in inode.runs:
                    once.update((n, None) for n in range(p // fs.ratio, (p + c - 1) // fs.ratio + 1))
        for cluster, _ in once:
            self.claim(cluster, cluster + 1)

    # -- bitmaps -----------------------------------------------------------------------------------

    def span(self, n):
        """The clusters of group N."""
        fs = self.fs
        start = fs.group_start(n)
        return start // fs.ratio, -(-min(start + fs.bpg, fs.blocks) // fs.ratio)

    def group_of(self, block):
        return max(block - self.fs.first_data, 0) // self.fs.bpg

    def _bitmap(self, n):
        """For each cluster of the group whether it is used; None where the bitmap is not believed."""
        fs, g, (low, high) = self.fs, self.fs.groups[n], self.span(n)
        if self.doubted(g):
            return None
        if self.believe(g) and g["flags"] & BG_BLOCK_UNINIT:
            return bytes(self.of_static[low:high])
        if not fs.inside(g["bb"]):
            return None
        data = fs.block(g["bb"])
        per_group = fs.bpg // fs.ratio
        bits = b"".join(bytes(byte >> i & 1 for i in range(8)) for byte in data[:-(-(high - low) // 8)])[:high - low]
        desc = g["raw"]
        free = u16(desc, 0x0C) | (u16(desc, 0x2C) << 16 if g["wide"] else 0)
        if fs.csum:
            want = u16(desc, 0x18) | (u16(desc, 0x38) << 16 if g["wide"] else 0)
            if crc32c(fs.seed, data[:per_group // 8]) & (0xFFFFFFFF if g["wide"] else 0xFFFF) != want:
                return None
        return bits if bits.count(0) == free else None

    def _judge(self, n):
        low, high = self.span(n)
        bits = self.believed[n]
        for c in range(low, high):
            claims = self.claims[c]
            if claims >= 2 or bits is None and not claims or bits is not None and claims and not bits[c - low]:
                self.state[c] = DISPUTED
            elif not claims:
                self.state[c] = LEAKED if bits[c - low] else FREE

    def of_state(self, state, n=None):
        """(first block, blocks) of runs of clusters in this state, of group N or of all."""
        fs = self.fs
        low, high = (0, self.count) if n is None else self.span(n)
        for start, count in runs_of(self.state, state, low, high):
            end = min((start + count) * fs.ratio, fs.blocks)
            yield start * fs.ratio, end - start * fs.ratio

    def disputed(self, block):
        return self.state[block // self.fs.ratio] == DISPUTED
