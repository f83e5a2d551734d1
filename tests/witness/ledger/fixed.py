# SPDX-License-Identifier: GPL-2.0-or-later
"""What belongs to no file, group by group: free, leaked and disputed clusters, and static metadata that nobody reads."""

from clusters import BG_BLOCK_UNINIT, COMPAT_RESIZE, DISPUTED, FREE, LEAKED, OWNED, RESIZE
from imgfmt import BG_INODE_UNINIT, INCOMPAT_META_BG, ORPHAN_MAGIC, Bad, crc32c, u16, u32
from owners import Tally, stale

ORPHAN_PRESENT = 0x10000
MMP_MAGIC, MMP_CLEAN = 0x004D4D50, 0xFF4D4D50
STRINGS = (0x78, 16), (0x88, 64), (0x1A8, 32), (0x1E0, 32), (0x200, 64)
RESERVED, CHECKSUM = 676, 1020
TRAILERS = ((512, b"conectix"), (511, b"conectix"), (512, b"EFI PART"), (4096, b"EFI PART"), (64, b"AVBf"),
            (4096, b"\xfe\xcf\xec\xfe"))


class Fixed:
    def __init__(self, ledger):
        self.ledger, self.fs, self.clusters = ledger, ledger.fs, ledger.clusters
        self.having = self.beside() if self.fs.ratio > 1 else {}
        self.table_blocks = -(-self.fs.ipg * self.fs.isize // self.fs.bs)

    def run(self):
        for n in range(self.fs.ngroups):
            self.inode_table(n)
            self.free_inodes(n)
            self.bitmaps(n)
            self.padding(n)
            self.super_block(n)
            self.copied_strings(n)
            self.descriptors(n)
            self.reserved(n)
        self.strings()
        self.orphan_file()
        self.mmp()
        self.after()

    # -- clusters ----------------------------------------------------------------------------------

    def group_clusters(self, n):
        fs, clusters, ledger = self.fs, self.clusters, self.ledger
        disputed = list(clusters.of_state(DISPUTED, n))
        if disputed:
            ledger.of_group("disputed", n, {"pblk": disputed[0][0], "blocks": sum(c for _, c in disputed),
                                            "first": None, "last": None, "nonzero": 0}, False)
        free, leaked = list(clusters.of_state(FREE, n)), list(clusters.of_state(LEAKED, n))
        tally = Tally(fs)
        for start, count in free:
            tally.look_blocks(start, count)
        if tally.nonzero:
            ledger.of_group("free-block", n, tally.place(), not disputed and not ledger.may_have(free))
        if leaked:
            tally = Tally(fs)
            for start, count in leaked:
                tally.look_blocks(start, count)
            ledger.of_group("leaked-block", n, dict(tally.bytes(), pblk=leaked[0][0], blocks=sum(c for _, c in leaked)),
                            not disputed and not ledger.in_doubt())
        for name, found in (("disputed", disputed), ("free-block", free), ("leaked-block", leaked)):
            for start, count in found:
                ledger.owners.blocks_of(name, start, count)
        if fs.ratio > 1:
            self.cluster_slack(n, bool(disputed))

    def beside(self):
        """Blocks of trees, of attributes and translators, by cluster."""
        fs, out = self.fs, {}
        for inode in self.ledger.inodes.values():
            for block in (inode.tree if inode.links else []) + [n for n in (inode.acl, inode.translator) if n]:
                out.setdefault(block // fs.ratio, set()).add(block)
        return out

    def cluster_slack(self, n, disputed):
        """Blocks that nobody has, in clusters of static metadata, or of a tree's block or one of attributes."""
        fs, clusters, spots, whole = self.fs, self.clusters, [], []
        low, high = clusters.span(n)
        for c in range(low, high):
            if clusters.state[c] != OWNED or not clusters.of_static[c] and c not in self.having:
                continue
            blocks = range(c * fs.ratio, min((c + 1) * fs.ratio, fs.blocks))
            spots += [b for b in blocks if not clusters.static[b] and b not in self.having.get(c, ())]
            whole.append((blocks[0], len(blocks)))
        tally = Tally(fs)
        for block in spots:
            tally.look_blocks(block)
        if tally.nonzero:
            self.ledger.of_group("cluster-slack", n, tally.place(), not disputed and not self.ledger.may_have(whole))
        self.ledger.late += [("cluster-slack", block * fs.bs, (block + 1) * fs.bs) for block in spots]

    # -- what is given by the layout ---------------------------------------------------------------

    def left_out(self, start, end):
        """The bytes [start, end) less disputed clusters and what lies outside of the file system."""
        bs = self.fs.bs
        at = start
        while at < min(end, self.fs.blocks * bs):
            stop = min((at // bs + 1) * bs, end)
            if not self.clusters.disputed(at // bs):
                yield at, stop
            at = stop

    def place_at_home(self, kind, group, stretches, fixable=True):
        """The same of blocks that nobody reads: an inode in doubt may have none of them."""
        bs = self.fs.bs
        if self.ledger.may_have([(start // bs, -(-end // bs) - start // bs) for start, end in stretches]):
            fixable = False
        self.place(kind, group, stretches, fixable)

    def place(self, kind, group, stretches, fixable=True, fill=0):
        """A finding over these stretches of bytes, which are the kind's."""
        tally = Tally(self.fs, fill)
        for start, end in stretches:
            for low, high in self.left_out(start, end):
                tally.look(low, high)
                self.ledger.owners.take(kind, low, high)
        if tally.nonzero:
            self.ledger.of_group(kind, group, tally.place(), fixable() if callable(fixable) else fixable)

    def unused(self, n):
        """How many inodes of the group are known to be unused."""
        g = self.fs.groups[n]
        if not self.clusters.believe(g):
            return 0
        return self.fs.ipg if g["flags"] & BG_INODE_UNINIT else min(g["unused"], self.fs.ipg)

    def inode_table(self, n):
        fs, g = self.fs, self.fs.groups[n]
        if self.clusters.doubted(g) or g["misplaced"]:
            return
        start = g["it"] * fs.bs + (fs.ipg - self.unused(n)) * fs.isize
        end = (g["it"] + self.table_blocks) * fs.bs

        def fixable():
            if not self.unused(n):
                return True
            if any((ino - 1) // fs.ipg == n for ino in self.ledger.doubt.strays):
                return False
            if g["flags"] & BG_INODE_UNINIT:
                return g["ifree"] == fs.ipg
            bits = fs._inode_bitmap(g)
            return bits is not None and not any(bits[i >> 3] >> (i & 7) & 1
                                                for i in range(fs.ipg - self.unused(n), fs.ipg))
        self.place_at_home("inode-table", n, [(start, end)], fixable)

    def free_inodes(self, n):
        fs, g = self.fs, self.fs.groups[n]
        if g["misplaced"] or self.unused(n) == fs.ipg:
            return
        bits = fs._inode_bitmap(g)
        stretches, sound, orphans = [], bits is not None and not self.clusters.doubted(g), self.ledger.orphans
        for i in range(fs.ipg - self.unused(n)):
            ino = n * fs.ipg + i + 1
            if bits and bits[i >> 3] >> (i & 7) & 1 or ino in fs.system or ino in orphans:
                continue
            at = g["it"] * fs.bs + i * fs.isize
            if self.clusters.disputed(at // fs.bs):
                continue
            raw = fs.block(at // fs.bs, -(-fs.isize // fs.bs))[at % fs.bs:][:fs.isize]
            held = u16(raw, 0) and u16(raw, 0x1A)
            if bits or not held:
                stretches.append((at, at + fs.isize))
            sound = sound and not held
        self.place("free-inode", n, stretches, sound)

    def bitmaps(self, n):
        """Those that were never written."""
        fs, g, stretches = self.fs, self.fs.groups[n], []
        if not self.clusters.believe(g):
            return
        for key, flag in (("bb", BG_BLOCK_UNINIT), ("ib", BG_INODE_UNINIT)):
            if g["flags"] & flag and fs.inside(g[key]):
                stretches.append((g[key] * fs.bs, (g[key] + 1) * fs.bs))
        self.place_at_home("bitmap-slack", n, stretches, not g["flags"] & BG_INODE_UNINIT or g["ifree"] == fs.ipg)

    def padding(self, n):
        """What follows the last bit of those that are read: ones."""
        fs, g, stretches = self.fs, self.fs.groups[n], []
        if self.clusters.doubted(g):
            return
        flags = g["flags"] if self.clusters.believe(g) else 0
        low, high = self.clusters.span(n)
        if not flags & BG_BLOCK_UNINIT and fs.inside(g["bb"]):
            stretches.append((g["bb"] * fs.bs + -(-(high - low) // 8), (g["bb"] + 1) * fs.bs))
        if not flags & BG_INODE_UNINIT and fs._inode_bitmap(g) is not None:
            stretches.append((g["ib"] * fs.bs + fs.ipg // 8, (g["ib"] + 1) * fs.bs))
        self.place("bitmap-slack", n, stretches, True, 0xFF)

    def super_block(self, n):
        fs = self.fs
        if fs.has_super(n):
            at, end = fs.super_block(n) * fs.bs, (fs.super_block(n) + 1) * fs.bs
            used = at + 1024 if n else 2048
            if used < end:
                self.place_at_home("super-slack", n, [(used, end)])

    def strings(self):
        """In the superblock itself: what follows a string, and words without a meaning."""
        sb, stretches = self.fs.sb, []
        for at, length in STRINGS:
            used = len(sb[at:at + length].split(b"\0")[0])
            stretches.append((1024 + at + used, 1024 + at + length))
        self.place("super-slack", 0, stretches + [(1024 + RESERVED, 1024 + CHECKSUM)])

    def copied_strings(self, n):
        """In a copy of the superblock: bytes of strings that it no longer has, and words without a meaning."""
        fs, block = self.fs, self.fs.super_block(n)
        if not n or not fs.has_super(n) or block >= fs.blocks or self.clusters.disputed(block):
            return
        sb, at = fs.block(block)[:1024], block * fs.bs
        valid = u16(sb, 0x38) == 0xEF53 and not (fs.csum and crc32c(0xFFFFFFFF, sb[:CHECKSUM]) != u32(sb, CHECKSUM))
        stale_at = [i for i in range(RESERVED, CHECKSUM) if sb[i]]
        if valid:
            self.ledger.owners.take("super-slack", at + RESERVED, at + CHECKSUM)
        for start, length in STRINGS:
            text = fs.sb[start:start + length].split(b"\0")[0].ljust(length, b"\0")
            stale_at += [start + i for i in range(length) if sb[start + i] not in (0, text[i])]
            if valid:
                self.ledger.owners.take("super-slack", at + start, at + start + length)
        if stale_at and not valid:
            self.ledger.of_group("super-slack", n, {"pblk": block, "blocks": 1, "first": None, "last": None, "nonzero": 0}, False)
        elif stale_at:
            place = {"pblk": block, "blocks": 1, "first": at + min(stale_at), "last": at + max(stale_at), "nonzero": len(stale_at)}
            self.ledger.of_group("super-slack", n, place, True)

    def descriptors(self, n):
        """After the last descriptor, wherever its block lies; and the reserved end of a descriptor."""
        fs = self.fs
        per_block = fs.bs // fs.desc_size
        used = fs.ngroups % per_block * fs.desc_size or fs.bs
        first_meta = u32(fs.sb, 0x104) if fs.incompat & INCOMPAT_META_BG else fs.desc_blocks
        last = fs.desc_blocks - 1
        stretches = []
        for start, count in self.clusters.descriptors(n):
            if n // per_block < first_meta and start + last < start + count:
                stretches.append(start + last)
            elif n // per_block >= first_meta and n // per_block == last:
                stretches.append(start)
        self.place_at_home("desc-slack", n, [(b * fs.bs + used, (b + 1) * fs.bs) for b in stretches])
        if fs.desc_size >= 64 and not self.clusters.doubted(fs.groups[n]):
            at = fs._desc_block(n // per_block, per_block) * fs.bs + n % per_block * fs.desc_size
            self.place("desc-slack", n, [(at + 60, at + fs.desc_size)])

    def reserved(self, n):
        if n or not self.fs.compat & COMPAT_RESIZE:
            for start, count in self.clusters.reserved(n):
                self.place_at_home("reserved-gdt", n, [(start * self.fs.bs, (start + count) * self.fs.bs)])
        if not n and RESIZE in self.clusters.unread and self.fs.compat & COMPAT_RESIZE:
            self.ledger.of_group("reserved-gdt", 0, {"pblk": None, "blocks": 0, "first": None, "last": None, "nonzero": 0}, False)
        bs, own = self.fs.bs, [b for b in self.clusters.backups if self.clusters.group_of(b) == n]
        self.place_at_home("reserved-gdt", n, [(b * bs, (b + 1) * bs) for b in sorted(own)])

    # -- blocks of their own -----------------------------------------------------------------------

    def orphan_file(self):
        fs = self.fs
        keeper = fs.sound_inode(fs.orphan_ino) if 0 < fs.orphan_ino <= fs.inodes else None
        if keeper is None or fs.ro & ORPHAN_PRESENT:
            return
        try:
            fs.read_map(keeper)
        except Bad:
            pass
        tally = Tally(fs)
        for lblk, pblk, count, written in keeper.runs:
            for block in range(pblk, pblk + min(count, max(0, keeper.size // fs.bs - lblk)) if written else pblk):
                data = fs.block(block)
                crc = crc32c(crc32c(fs.inode_seed(keeper), block.to_bytes(8, "little")), data[:-8]) if fs.csum else 0
                if u32(data, fs.bs - 8) != ORPHAN_MAGIC or fs.csum and crc != u32(data, fs.bs - 4):
                    continue
                tally.look(block * fs.bs, (block + 1) * fs.bs - 8)
                self.ledger.owners.take("orphan-file-slack", block * fs.bs, (block + 1) * fs.bs - 8)
        if tally.nonzero:
            self.ledger.of_inode("orphan-file-slack", keeper.ino, 0, tally.place(), True)

    def mmp(self):
        fs, block = self.fs, self.clusters.mmp_block()
        if not block or self.clusters.disputed(block):
            return
        data = fs.block(block)
        right = not fs.csum or crc32c(fs.seed, data[:1020]) == u32(data, 1020)
        if u32(data, 0) != MMP_MAGIC or u32(data, 4) != MMP_CLEAN or not right:
            return
        at = block * fs.bs
        tally = Tally(fs)
        for low, high in ((8, 112), (114, 1020), (1024, fs.bs)):
            tally.look(at + low, at + high)
            self.ledger.owners.take("mmp-slack", at + low, at + high)
        if tally.nonzero:
            self.ledger.of_group("mmp-slack", self.clusters.group_of(block), dict(tally.bytes(), pblk=block, blocks=1), True)

    def after(self):
        """What follows the file system in an image of its own, if nothing there is known by its last bytes."""
        fs, ledger = self.fs, self.ledger
        start = fs.base + fs.blocks * fs.bs
        data = fs.map[start:]
        ledger.after = [0, len(data), 0]
        found = stale(data, start)
        if not found["nonzero"] or fs.base:
            return
        ledger.after = [1, len(data), found["nonzero"]]
        pieces = [data[at:at + fs.bs] for at in range(0, len(data), fs.bs)]
        dirty = [i for i, piece in enumerate(pieces) if piece.count(0) != len(piece)]
        if not any(data[-at:].startswith(magic) for at, magic in TRAILERS):
            ledger.of_group("after-fs", fs.ngroups - 1, dict(found, pblk=fs.blocks + dirty[0], blocks=len(dirty)), True)
