# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the ext2/3/4 format from an image for the witness; shares no code with lib/.

Written from the format's documentation and doc/findings.md. Nothing here writes, and nothing here
trusts the image: whatever does not fit raises Bad, for the inode or the group it concerns.
"""

import mmap
import struct
from bisect import bisect_right

COMPAT_SPARSE_SUPER2, COMPAT_ORPHAN_FILE = 0x200, 0x1000
INCOMPAT_RECOVER, INCOMPAT_JOURNAL_DEV = 0x4, 0x8
INCOMPAT_META_BG = 0x10
INCOMPAT_64BIT = 0x80
INCOMPAT_MMP = 0x100
INCOMPAT_CSUM_SEED = 0x2000
INCOMPAT_LARGEDIR = 0x4000
RO_SPARSE_SUPER = 0x1
RO_GDT_CSUM = 0x10
RO_BIGALLOC = 0x200
RO_METADATA_CSUM = 0x400
RO_SHARED_BLOCKS = 0x4000
OS_LINUX, OS_HURD = 0, 1

FL_ENCRYPT = 0x800
FL_EXTENTS = 0x80000
FL_VERITY = 0x100000
FL_EA_INODE = 0x200000
FL_INLINE = 0x10000000

S_IFMT, S_IFREG, S_IFDIR, S_IFLNK = 0xF000, 0x8000, 0x4000, 0xA000

BG_INODE_UNINIT = 0x1
ORPHAN_MAGIC = 0x0B10CA04
EXTENT_MAGIC = 0xF30A
LBLK_END = (1 << 32) - 1


class Bad(Exception):
    """The image cannot be what it says here."""


def _table(poly):
    out = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (poly if n & 1 else 0)
        out.append(n)
    return out


CRC32C = _table(0x82F63B78)
CRC16 = _table(0xA001)


def crc32c(crc, data):
    table = CRC32C
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def crc16(crc, data):
    table = CRC16
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def u16(buf, off):
    return buf[off] | buf[off + 1] << 8


def u32(buf, off):
    return int.from_bytes(buf[off:off + 4], "little")


def u64(buf, off):
    return int.from_bytes(buf[off:off + 8], "little")


class Inode:
    """The fields of one inode that a judgement needs."""

    __slots__ = ("ino", "raw", "mode", "links", "flags", "size", "generation", "dtime", "acl", "translator",
                 "seed", "runs", "tree", "met", "why")

    def __init__(self, fs, ino, raw):
        self.ino, self.raw = ino, raw
        self.mode, self.links = u16(raw, 0), u16(raw, 0x1A)
        self.flags, self.dtime = u32(raw, 0x20), u32(raw, 0x14)
        self.generation = u32(raw, 0x64)
        self.acl = u32(raw, 0x68)
        self.translator = u32(raw, 0x24) if fs.creator == OS_HURD else 0
        if fs.incompat & INCOMPAT_64BIT and fs.creator != OS_HURD:
            self.acl |= u16(raw, 0x76) << 32
        self.size = u32(raw, 4)
        kind = self.mode & S_IFMT
        if kind == S_IFREG or fs.incompat & INCOMPAT_LARGEDIR:
            self.size |= u32(raw, 0x6C) << 32
        self.seed = None
        self.runs, self.tree, self.met, self.why = [], [], [], None

    def kind(self):
        return self.mode & S_IFMT

    def fast_symlink(self):
        return (self.kind() == S_IFLNK and self.size < 60
                and not self.flags & (FL_EXTENTS | FL_INLINE))

    def has_map(self):
        if self.flags & FL_INLINE:
            return False
        return self.kind() in (S_IFREG, S_IFDIR, S_IFLNK) and not self.fast_symlink()


class Image:
    """One file system: its geometry, its groups, and reads of whole blocks."""

    def __init__(self, path, offset=0):
        with open(path, "rb") as f:
            self.map = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        self.base = offset
        self.over = {}
        sb = self.map[offset + 1024:offset + 2048]
        if len(sb) < 1024 or u16(sb, 0x38) != 0xEF53:
            raise Bad("no ext2/3/4 superblock")
        self.sb = sb
        self._geometry()
        if self.incompat & INCOMPAT_JOURNAL_DEV:
            raise Bad("a journal device")
        self._read_groups()
        self._find_static()
        if self.incompat & INCOMPAT_RECOVER:
            import imglog  # which reads through this module
            self.sb, self.over = imglog.look_through(self)
            self._geometry()
            self._read_groups()
            self._find_static()

    def _geometry(self):
        sb = self.sb
        dynamic = u32(sb, 0x4C) > 0
        self.compat = u32(sb, 0x5C) if dynamic else 0
        self.incompat = u32(sb, 0x60) if dynamic else 0
        self.ro = u32(sb, 0x64) if dynamic else 0
        if u32(sb, 0x18) > 6:
            raise Bad("block size")
        self.bs = 1024 << u32(sb, 0x18)
        self.ratio = 1
        if self.ro & RO_BIGALLOC:
            self.ratio = 1 << (u32(sb, 0x1C) - u32(sb, 0x18))
        self.first_data = u32(sb, 0x14)
        self.blocks = u32(sb, 4)
        self.desc_size = 32
        if self.incompat & INCOMPAT_64BIT:
            self.blocks |= u32(sb, 0x150) << 32
            self.desc_size = u16(sb, 0xFE)
        self.bpg, self.ipg = u32(sb, 0x20), u32(sb, 0x28)
        self.inodes = u32(sb, 0)
        self.first_ino = u32(sb, 0x54) if dynamic else 11
        self.isize = u16(sb, 0x58) if dynamic else 128
        if not self.bpg or not self.ipg or self.isize < 128 or self.desc_size < 32:
            raise Bad("superblock geometry")
        self.ngroups = -(-(self.blocks - self.first_data) // self.bpg)
        self.csum = bool(self.ro & RO_METADATA_CSUM)
        self.creator = u32(sb, 0x48)
        uuid = sb[0x68:0x78]
        self.seed = crc32c(0xFFFFFFFF, uuid)
        if self.incompat & INCOMPAT_CSUM_SEED:
            self.seed = u32(sb, 0x270)
        self.system = set(range(1, self.first_ino)) - {2}
        self.quota = {u32(sb, at) for at in (0x240, 0x244, 0x26C)} - {0}
        self.orphan_ino = u32(sb, 0x280) if self.compat & COMPAT_ORPHAN_FILE else 0
        self.system |= self.quota - {2} | {u32(sb, 0x280), u32(sb, 0xE0) if self.compat & 4 else 0} - {0, 2}
        self.last_orphan = u32(sb, 0xE8)

    def block(self, n, count=1):
        start = self.base + n * self.bs
        data = self.map[start:start + count * self.bs]
        if len(data) != count * self.bs:
            raise Bad("block %d lies past the end of the image" % n)
        if not self.over or self.over.keys().isdisjoint(range(n, n + count)):
            return data
        return b"".join(self.over.get(n + i, data[i * self.bs:(i + 1) * self.bs]) for i in range(count))

    # -- groups ------------------------------------------------------------------------------------

    def has_super(self, group):
        if group == 0:
            return True
        if self.compat & COMPAT_SPARSE_SUPER2:
            return group in (u32(self.sb, 0x24C), u32(self.sb, 0x250))
        if group == 1 or not self.ro & RO_SPARSE_SUPER:
            return True
        for base in (3, 5, 7):
            power = base
            while power < group:
                power *= base
            if power == group:
                return True
        return False

    def group_start(self, group):
        return self.first_data + group * self.bpg

    def super_block(self, group):
        """Where the group's superblock lies; 1 KiB blocks with bigalloc have a boot block first."""
        start = self.group_start(group)
        return 1 if start == 0 and self.bs == 1024 else start

    def _desc_block(self, i, per_block):
        if not self.incompat & INCOMPAT_META_BG or i < u32(self.sb, 0x104):
            return self.super_block(0) + 1 + i
        group = i * per_block
        return self.super_block(group) + (1 if self.has_super(group) else 0)

    def _read_groups(self):
        per_block = self.bs // self.desc_size
        self.desc_blocks = -(-self.ngroups // per_block)
        self.groups = []
        for i in range(self.desc_blocks):
            data = self.block(self._desc_block(i, per_block))
            for g in range(i * per_block, min((i + 1) * per_block, self.ngroups)):
                at = (g - i * per_block) * self.desc_size
                self.groups.append(self._group(g, data[at:at + self.desc_size]))

    def _group(self, number, d):
        wide = len(d) >= 64
        g = {"bb": u32(d, 0), "ib": u32(d, 4), "it": u32(d, 8), "flags": u16(d, 0x12),
             "ifree": u16(d, 0x0E), "ibcsum": u16(d, 0x1A), "unused": u16(d, 0x1C), "wide": wide, "raw": d}
        if wide:
            for name, at in (("bb", 0x20), ("ib", 0x24), ("it", 0x28)):
                g[name] |= u32(d, at) << 32
            g["unused"] |= u16(d, 0x32) << 16
            g["ibcsum"] |= u16(d, 0x3A) << 16
            g["ifree"] |= u16(d, 0x2E) << 16
        g["trusted"] = self._group_csum(number, d) == u16(d, 0x1E)
        return g

    def _group_csum(self, number, d):
        head = struct.pack("<I", number)
        if self.csum:
            return crc32c(crc32c(self.seed, head), d[:0x1E] + b"\0\0" + d[0x20:]) & 0xFFFF
        if self.ro & RO_GDT_CSUM:
            return crc16(crc16(crc16(0xFFFF, self.sb[0x68:0x78]), head), d[:0x1E] + d[0x20:])
        return None

    def inside(self, start, count=1):
        return self.first_data <= start and count > 0 and start + count <= self.blocks

    # -- static metadata ---------------------------------------------------------------------------

    def _find_static(self):
        """Sorted, merged ranges of blocks that no inode may map."""
        spans = []
        per_block = self.bs // self.desc_size
        meta_bg = bool(self.incompat & INCOMPAT_META_BG)
        first_meta = u32(self.sb, 0x104)
        old = first_meta if meta_bg else self.desc_blocks + u16(self.sb, 0xCE)
        itable = -(-self.ipg * self.isize // self.bs)
        for n in range(self.ngroups):
            at, sup = self.super_block(n), self.has_super(n)
            if sup:
                spans.append((at, 1))
            if not meta_bg or n // per_block < first_meta:
                if sup and old:
                    spans.append((at + 1, old))
            elif n % per_block in (0, 1, per_block - 1):
                spans.append((at + (1 if sup else 0), 1))
        if self.incompat & INCOMPAT_MMP and u64(self.sb, 0x168):
            spans.append((u64(self.sb, 0x168), 1))
        self._claim_groups(spans, itable)
        self.static_starts, self.static_ends = [], []
        for start, count in sorted(spans):
            if self.static_ends and start <= self.static_ends[-1]:
                self.static_ends[-1] = max(self.static_ends[-1], start + count)
            else:
                self.static_starts.append(start)
                self.static_ends.append(start + count)

    def _claim_groups(self, spans, itable):
        """Adds what each group has of its own; a table over what others had before is misplaced."""
        taken = set()
        for start, count in spans:
            taken.update(range(start, start + count))
        doubtful = [bool(self.csum or self.ro & RO_GDT_CSUM) and not g["trusted"] for g in self.groups]
        for n in sorted(range(self.ngroups), key=lambda n: (doubtful[n], n)):
            g = self.groups[n]
            g["misplaced"] = not self.inside(g["it"], itable) or \
                not taken.isdisjoint(range(g["it"], g["it"] + itable))
            for start, count in ((g["it"], itable), (g["ib"], 1), (g["bb"], 1)):
                if self.inside(start, count):
                    taken.update(range(start, start + count))
                    spans.append((start, count))

    def check_blocks(self, start, count=1):
        """Raise unless all of these blocks may belong to an inode."""
        if not self.inside(start, count):
            raise Bad("block %d lies outside the file system" % start)
        i = bisect_right(self.static_starts, start + count - 1) - 1
        if i >= 0 and self.static_ends[i] > start:
            raise Bad("block %d is file-system metadata" % start)

    # -- inodes ------------------------------------------------------------------------------------

    def group_inodes(self, number):
        """The inodes in use of a group, Bad when the group cannot be read at all."""
        g = self.groups[number]
        count = -(-self.ipg * self.isize // self.bs)
        believe = g["trusted"] and (self.csum or self.ro & RO_GDT_CSUM)
        if g["misplaced"]:
            raise Bad("inode table of group %d lies outside its place" % number)
        if believe and g["flags"] & BG_INODE_UNINIT:
            return
        table = self.block(g["it"], count)
        n = self.ipg - (g["unused"] if believe else 0)
        bitmap = self._inode_bitmap(g)
        for i in range(max(n, 0)):
            if bitmap is not None and not bitmap[i >> 3] >> (i & 7) & 1:
                continue
            raw = table[i * self.isize:(i + 1) * self.isize]
            inode = Inode(self, number * self.ipg + i + 1, raw)
            if inode.mode == 0 and inode.links == 0:
                continue
            if bitmap is None and not (inode.links and inode.mode):
                continue
            yield inode

    def root(self):
        """The root inode, None where its table is out of place."""
        if self.groups[0]["misplaced"]:
            return None
        at = self.groups[0]["it"] * self.bs + self.isize
        return Inode(self, 2, self.block(at // self.bs)[at % self.bs:][:self.isize])

    def _inode_bitmap(self, g):
        """The bitmap's bytes, None where it cannot be believed."""
        if not self.inside(g["ib"]):
            return None
        try:
            data = self.block(g["ib"])
        except Bad:
            return None
        believed = sum(not data[i >> 3] >> (i & 7) & 1 for i in range(self.ipg)) == g["ifree"]
        if self.csum:
            mask = 0xFFFFFFFF if g["wide"] else 0xFFFF
            believed &= crc32c(self.seed, data[:self.ipg // 8]) & mask == g["ibcsum"]
        return data if believed else None

    def inode_seed(self, inode):
        if inode.seed is None:
            inode.seed = crc32c(self.seed, struct.pack("<II", inode.ino, inode.generation))
        return inode.seed

    def inode_csum_ok(self, inode):
        if not self.csum or self.creator != OS_LINUX:
            return True
        raw = bytearray(inode.raw)
        want, mask = u16(raw, 0x7C), 0xFFFF
        raw[0x7C:0x7E] = b"\0\0"
        if self.isize > 128 and u16(raw, 0x80) >= 4:
            want, mask = want | u16(raw, 0x82) << 16, 0xFFFFFFFF
            raw[0x82:0x84] = b"\0\0"
        return crc32c(self.inode_seed(inode), raw) & mask == want

    # -- mappings ----------------------------------------------------------------------------------

    def read_map(self, inode):
        """Fill inode.runs with (lblk, pblk, count, written) and inode.tree with its tree blocks.
        Raises the first fault in the end; what is sound in spite of it has been taken by then.
        """
        inode.runs, inode.tree, inode.met = [], [], []
        if inode.flags & FL_INLINE:
            if inode.size > len(self.inline_room(inode)):
                raise Bad("inline data without room for it")
            return
        if not inode.has_map():
            return
        walk = ExtentMap if inode.flags & FL_EXTENTS else IndirectMap
        faults = walk(self, inode).read()
        inode.runs = merged(inode.runs)
        if faults:
            raise faults[0]
        if inode.size > walk.limit(self.bs) * self.bs:
            raise Bad("size %d is larger than the map can hold" % inode.size)

    # -- inline data, content ----------------------------------------------------------------------

    def inline_room(self, inode):
        """The bytes that inline data may use: i_block, then system.data's value in the body."""
        return inode.raw[0x28:0x64] + self._system_data(inode.raw)

    def _system_data(self, raw):
        if len(raw) <= 128:
            return b""
        start = 128 + u16(raw, 0x80)
        if start % 4 or start + 4 > len(raw):
            raise Bad("the extra fields leave no room for attributes")
        if u32(raw, start) != 0xEA020000:
            return b""
        first = at = start + 4
        while at + 4 <= len(raw) and u32(raw, at):
            end = at + (16 + raw[at] + 3 & ~3)
            if end > len(raw):
                raise Bad("an attribute reaches past the inode")
            name_len, index, offset, inum, size = struct.unpack_from("<BBHII", raw, at)
            if index == 7 and raw[at + 16:at + 16 + name_len] == b"data":
                if inum or first + offset + size > len(raw):
                    raise Bad("system.data reaches past the inode")
                return raw[first + offset:first + offset + size]
            at = end
        return b""

    def sound_inode(self, ino):
        """Any inode, in use or not, or None when its group or its checksum is bad."""
        g = self.groups[(ino - 1) // self.ipg]
        if g["misplaced"]:
            return None
        block, at = divmod((ino - 1) % self.ipg * self.isize, self.bs)
        try:
            inode = Inode(self, ino, self.block(g["it"] + block)[at:at + self.isize])
        except Bad:
            return None
        return inode if self.inode_csum_ok(inode) else None

    def strays(self):
        """The orphan file names what is no inode."""
        return any(not self.first_ino <= ino <= self.inodes for ino in self._orphan_file())

    def orphans(self):
        """Numbers on the orphan list and in the orphan file."""
        out, ino = set(), self.last_orphan
        while self.first_ino <= ino <= self.inodes and ino not in out:
            out.add(ino)
            inode = self.sound_inode(ino)
            ino = inode.dtime if inode else 0
        return out | self._orphan_file()

    def _orphan_file(self):
        out = set()
        keeper = self.sound_inode(self.orphan_ino) if 0 < self.orphan_ino <= self.inodes else None
        if keeper:
            try:
                self.read_map(keeper)
            except Bad:
                pass    # what could be read of it counts
            for lblk, pblk, count, written in keeper.runs:
                count = min(count, max(0, keeper.size // self.bs - lblk)) if written else 0
                for n in range(pblk, pblk + count):
                    out |= self._orphan_block(keeper, n)
        return out

    def _orphan_block(self, keeper, pblk):
        data = self.block(pblk)
        if u32(data, self.bs - 8) != ORPHAN_MAGIC:
            return set()
        body = data[:self.bs - 8]
        if self.csum:
            crc = crc32c(crc32c(self.inode_seed(keeper), struct.pack("<Q", pblk)), body)
            if crc != u32(data, self.bs - 4):
                return set()
        return set(struct.unpack("<%dI" % (len(body) // 4), body)) - {0}


class Map:
    """A walk over one inode's mapping that notes what is wrong and goes on after it."""

    def __init__(self, fs, inode):
        self.fs, self.inode, self.seen, self.faults = fs, inode, set(), []

    def tree_block(self, pblk, level=0):
        """The content of a tree block (level 0) or block of pointers not visited yet; it is the inode's from now on."""
        self.fs.check_blocks(pblk)
        self.inode.met.append((pblk, level))
        if pblk in self.seen:
            raise Bad("tree block %d visited twice" % pblk)
        self.seen.add(pblk)
        self.inode.tree.append(pblk)
        return self.fs.block(pblk)


class ExtentMap(Map):
    @staticmethod
    def limit(_):
        return LBLK_END

    def read(self):
        self.low = 0
        try:
            self.node(self.inode.raw[0x28:0x64], None, LBLK_END)
        except Bad as err:
            self.faults.append(err)
        return self.faults

    def node(self, node, depth, high):
        """A node of this depth, or the root where it is None; all of it lies below `high`."""
        magic, entries, room, level = struct.unpack_from("<HHHH", node)
        if magic != EXTENT_MAGIC or entries > room or room > (len(node) - 12) // 12:
            raise Bad("extent header")
        if level > 5 or (depth is not None and level != depth):
            raise Bad("extent tree depth")
        if depth is not None and self.fs.csum:
            tail = 12 + 12 * room
            if crc32c(self.fs.inode_seed(self.inode), node[:tail]) != u32(node, tail):
                raise Bad("extent block checksum")
        for i in range(entries):
            at = 12 + 12 * i
            try:
                if level:
                    after = u32(node, at + 12) if i + 1 < entries else high
                    self.index(node[at:at + 12], level, min(after, high))
                else:
                    self.extent(node[at:at + 12], high)
            except Bad as err:
                self.faults.append(err)

    def index(self, entry, level, high):
        lblk, lo, hi = struct.unpack_from("<IIH", entry)
        if lblk < self.low or lblk >= high:
            raise Bad("extent index at logical block %d" % lblk)
        self.low = lblk
        try:
            self.node(self.tree_block(hi << 32 | lo), level - 1, high)
        finally:
            self.low = high     # whatever is in it: the range is taken

    def extent(self, entry, high):
        lblk, length, hi, lo = struct.unpack_from("<IHHI", entry)
        written, length = length <= 32768, length - 32768 * (length > 32768)
        if not length or lblk < self.low or lblk + length > high:
            raise Bad("extent at logical block %d" % lblk)
        self.low = lblk + length
        if (lblk - lo) % self.fs.ratio:
            raise Bad("extent at logical block %d is not in its place in the cluster" % lblk)
        self.fs.check_blocks(hi << 32 | lo, length)
        self.inode.runs.append((lblk, hi << 32 | lo, length, written))


class IndirectMap(Map):
    @staticmethod
    def limit(bs):
        n = bs // 4
        return min(12 + n + n * n + n * n * n, LBLK_END)

    def read(self):
        words = struct.unpack("<15I", self.inode.raw[0x28:0x64])
        for i in range(12):
            self.pointer(words[i], 0, i)
        n, lblk = self.fs.bs // 4, 12
        for level in (1, 2, 3):
            self.pointer(words[11 + level], level, lblk)
            lblk += n ** level
        return self.faults

    def pointer(self, pblk, level, lblk):
        """What one pointer of this level (0: data) maps from lblk on."""
        if not pblk:
            return
        try:
            if lblk >= LBLK_END:
                raise Bad("logical block %d" % lblk)
            if level:
                self.pointers(self.tree_block(pblk, level), level, lblk)
            else:
                self.leaf(lblk, pblk)
        except Bad as err:
            self.faults.append(err)

    def leaf(self, lblk, pblk):
        self.fs.check_blocks(pblk)
        runs = self.inode.runs
        if runs:
            l, p, c, _ = runs[-1]
            if l + c == lblk and p + c == pblk:
                runs[-1] = (l, p, c + 1, True)
                return
        runs.append((lblk, pblk, 1, True))

    def pointers(self, data, level, lblk):
        if data.count(0) == len(data):
            return
        n = self.fs.bs // 4
        for i, word in enumerate(struct.unpack("<%dI" % n, data)):
            if word:
                self.pointer(word, level - 1, lblk + i * n ** (level - 1))


def merged(runs):
    """Join what follows both logically and physically in one state."""
    out = []
    for lblk, pblk, count, written in runs:
        if out:
            l, p, c, w = out[-1]
            if w == written and l + c == lblk and p + c == pblk:
                out[-1] = (l, p, c + count, w)
                continue
        out.append((lblk, pblk, count, written))
    return out
