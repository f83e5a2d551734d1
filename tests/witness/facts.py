# SPDX-License-Identifier: GPL-2.0-or-later
"""What a fix must not change in an image, and which bytes of it may change; read by the witness."""

import hashlib

import imgfmt
from imgfmt import FL_ENCRYPT, FL_INLINE, FL_VERITY

# of an inode's slot: what a fix of its blocks may change
I_DTIME, I_BLOCKS, I_MAP, I_BLOCKS_HI = (0x14, 4), (0x1C, 4), (0x28, 60), (0x74, 2)
I_CSUM, I_CSUM_HI = (0x7C, 2), (0x82, 2)
CHUNK = 1 << 20


def blank(raw, fields):
    raw = bytearray(raw)
    for at, length in fields:
        if at + length <= len(raw):
            raw[at:at + length] = bytes(length)
    return bytes(raw)


class Facts:
    """The inodes of one image with their content, by the eyes of a witness that has run."""

    def __init__(self, witness):
        self.witness, self.fs = witness, witness.fs
        self.inodes = witness.inodes
        self.orphans = self.fs.orphans()
        self.found = {}
        for f in witness.findings:
            self.found.setdefault(f["ino"], []).append(f)

    def touched(self, ino):
        """A fix may change something of it."""
        return ino in self.orphans or any(f["fixable"] for f in self.found.get(ino, ()))

    def past_eof(self, inode):
        return -(-inode.size // self.fs.bs)

    def content(self, inode):
        """A digest of every byte below EOF that the disk has, with its place in the file."""
        fs, size = self.fs, inode.size
        if inode.flags & FL_ENCRYPT:
            size = self.past_eof(inode) * fs.bs
        if inode.why or inode.flags & FL_VERITY:
            size = imgfmt.LBLK_END * fs.bs
        h = hashlib.sha256()
        if inode.flags & FL_INLINE:
            h.update(fs.inline_room(inode)[:inode.size])
        elif not inode.has_map():
            h.update(inode.raw[0x28:0x64])
        for l, p, c, w in inode.runs:
            if not w:
                continue
            length = min((l + c) * fs.bs, size) - l * fs.bs
            if length > 0:
                h.update(b"%d:%d:" % (l, length))
                h.update(fs.map[fs.base + p * fs.bs:fs.base + p * fs.bs + length])
        return h.digest()

    def map_below(self, inode):
        """The runs below EOF, cut there."""
        end = self.past_eof(inode)
        return [(l, p, min(c, end - l), w) for l, p, c, w in inode.runs if l < end]

    def slot(self, inode):
        """What of the slot must stay although the inode is fixed."""
        fields = [I_BLOCKS, I_BLOCKS_HI, I_CSUM, I_CSUM_HI]
        if inode.ino in self.orphans:
            fields.append(I_DTIME)
        if inode.has_map():
            fields.append(I_MAP)
        raw = inode.raw
        if inode.flags & FL_INLINE:
            raw = self.without_slack(inode)
        return blank(raw, fields)

    def without_slack(self, inode):
        room, raw = self.fs.inline_room(inode), bytearray(inode.raw)
        if inode.why or len(room) < inode.size:
            return raw
        at = raw.find(room[60:], 128) if len(room) > 60 else 0
        for i in range(inode.size, len(room)):
            raw[0x28 + i if i < 60 else at + i - 60] = 0
        return raw

    def compare(self, after):
        """Faults: what is not as it was."""
        if set(self.inodes) != set(after.inodes):
            yield "other inodes are in use"
        for ino, old in self.inodes.items():
            new = after.inodes.get(ino)
            if new:
                yield from self.compare_inode(after, old, new)

    def compare_inode(self, after, old, new):
        ino = old.ino
        if ino == 8 or ino == self.fs.orphan_ino:
            return
        if not self.touched(ino) or old.why:
            if old.raw != new.raw and ino not in self.orphans:
                yield "inode %d: its slot changed, and nothing was found in it" % ino
            if (old.runs, old.tree) != (new.runs, new.tree):
                yield "inode %d: its map changed, and nothing was found in it" % ino
        elif self.slot(old) != self.slot(new):
            yield "inode %d: size, time or another field changed" % ino
        if self.content(old) != after.content(new):
            yield "inode %d: its content changed" % ino
        if self.map_below(old) != after.map_below(new):
            yield "inode %d: its map changed below EOF" % ino
        for p in {t for t in old.tree if not self.touched(ino)}:
            if self.fs.block(p) != after.fs.block(p):
                yield "inode %d: a tree block changed" % ino

    # -- which bytes may differ --------------------------------------------------------------------

    def residue(self, left=frozenset()):
        """Ranges of bytes that a fix makes zero, less those of inodes that are LEFT."""
        bs = self.fs.bs
        for ino, findings in self.found.items():
            for f in findings:
                if not f["fixable"] or f["kind"] == "inline-slack" or ino in left:
                    continue
                if f["kind"] == "pending-truncate":
                    yield from self.pending(self.inodes[ino])
                    continue
                blocks = f["blocks"]
                if ino in self.orphans and f["kind"] in ("unwritten-residue", "cluster-slack"):
                    blocks = self.kept(self.inodes[ino], f)
                start = f["pblk"] * bs
                skip = f["size"] % bs if f["kind"] in ("stale-tail", "symlink-slack") else 0
                yield start + skip, start + blocks * bs

    def kept(self, inode, finding):
        """How many of the finding's blocks an orphan keeps: those of clusters that reach below EOF."""
        ratio, end = self.fs.ratio, self.past_eof(inode)
        kept = {at // ratio for l, _, c, _ in inode.runs for at in range(l, min(l + c, end))}
        blocks = range(finding["lblk"], finding["lblk"] + finding["blocks"])
        return sum(at // ratio in kept for at in blocks)

    def pending(self, inode):
        """The tail; whole blocks are freed as they are, but where the cluster of the tail stays."""
        bs, size, ratio = self.fs.bs, inode.size, self.fs.ratio
        end = -(-size // (bs * ratio)) * ratio
        for l, p, c, w in inode.runs:
            for i in range(max(0, size // bs - l), min(c, end - l)):
                skip = max(0, size - (l + i) * bs)
                if not (skip and (inode.flags & FL_ENCRYPT or not w)):
                    yield (p + i) * bs + skip, (p + i + 1) * bs

    def metadata(self, after):
        """Ranges that may become anything: what counts blocks, and the slots and trees that change."""
        fs = self.fs
        yield 1024, 2048
        per_block = fs.bs // fs.desc_size
        for i in range(fs.desc_blocks):
            at = fs._desc_block(i, per_block) * fs.bs
            yield at, at + fs.bs
        for g in fs.groups:
            yield g["bb"] * fs.bs, (g["bb"] + 1) * fs.bs
        for ino, inode in self.inodes.items():
            if self.touched(ino):
                g = fs.groups[(ino - 1) // fs.ipg]
                at = g["it"] * fs.bs + (ino - 1) % fs.ipg * fs.isize
                yield at, at + fs.isize
                for p in set(inode.tree) | set(after.inodes[ino].tree):
                    yield p * fs.bs, (p + 1) * fs.bs
            if ino == 8 or ino == fs.orphan_ino:
                for _, p, c, _ in inode.runs:
                    yield p * fs.bs, (p + c) * fs.bs


def union(ranges):
    out = []
    for start, end in sorted(ranges):
        if out and start <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([start, end])
    return [tuple(span) for span in out]


def differing(old, new, size):
    """Single bytes that differ, as ranges."""
    for base in range(0, size, CHUNK):
        a, b = old[base:base + CHUNK], new[base:base + CHUNK]
        if a == b:
            continue
        for at in range(0, len(a), 64):
            x, y = a[at:at + 64], b[at:at + 64]
            if x != y:
                for i, pair in enumerate(zip(x, y)):
                    if pair[0] != pair[1]:
                        yield base + at + i


def changes(before, after):
    """Faults: bytes that changed and may not, and residue that is still there."""
    old, new, bs = before.fs.map, after.fs.map, before.fs.bs
    if len(old) != len(new):
        yield "the image has another size"
        return
    meta = union(before.metadata(after))
    allowed, i, bad = union(meta + list(before.residue())), 0, set()
    for at in differing(old, new, len(old)):
        while i < len(allowed) and allowed[i][1] <= at:
            i += 1
        if i == len(allowed) or at < allowed[i][0]:
            bad.add(at // bs)
    for block in sorted(bad):
        yield "block %d has bytes that changed" % block
    trees = {p for inode in after.inodes.values() for p in inode.tree}
    left = {f["ino"] for f in after.witness.findings}
    for start, end in before.residue(left):
        data = new[start:end]
        if data.count(0) != len(data) and not trees & set(range(start // bs, -(-end // bs))):
            yield "block %d still has bytes that are not zero" % (start // bs)
