#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The independent witness: finds stale bytes past EOF by its own reading of the format.

usage: witness.py IMAGE [--offset N] [--paranoid] [--opaque] [--skipped]

Prints one JSON object a finding, in the order and with the meaning of doc/findings.md, to be
compared with `e4zero --check --json`. --opaque adds the encrypted tails that nobody can judge;
--skipped prints, instead of findings, the inode numbers that are deleted and wait to be freed,
that of an orphan file that names what is no inode, orphans that are not in use, and the inode where the orphan list is corrupt
(0: from its beginning). Exit status: 4 with findings, 0 without, 8 when the image cannot be judged.
"""

import argparse
import json
import sys
import types

sys.dont_write_bytecode = True
import imgfmt
from contested import contested
from imgfmt import (FL_EA_INODE, FL_ENCRYPT, FL_INLINE, FL_VERITY,
                    RO_SHARED_BLOCKS, S_IFDIR, S_IFLNK, S_IFREG, Bad)


def stale(data, start):
    """first, last, nonzero of these bytes, which begin at offset `start` of the file."""
    nonzero = len(data) - data.count(0)
    if not nonzero:
        return {"first": None, "last": None, "nonzero": 0}
    return {"first": start + len(data) - len(data.lstrip(b"\0")),
            "last": start + len(data.rstrip(b"\0")) - 1, "nonzero": nonzero}


class Witness:
    def __init__(self, fs, paranoid=False, opaque=False):
        self.fs, self.paranoid, self.opaque = fs, paranoid, opaque
        self.inodes, self.findings, self.skipped, self.only_claimed = {}, [], [], set()
        self.nobody = types.SimpleNamespace(ino=0, why=None)
        self.shared, self.shown = bool(fs.ro & RO_SHARED_BLOCKS), {}

    def run(self):
        self.examine()
        self.findings.sort(key=self.order)
        if self.findings:
            self.name()

    def examine(self):
        root = self.fs.root()
        if root and not self.fs.inode_csum_ok(root):
            raise Bad("the root inode's checksum is wrong")
        for number in range(self.fs.ngroups):
            try:
                for inode in self.fs.group_inodes(number):
                    self.take(inode)
            except Bad as err:
                self.add("unreadable", None, None, group=number, why=str(err))
        self.claims()
        if self.shared:
            self.look_at_all()
        orphans = self.fs.orphans()
        if self.fs.strays():
            self.skipped.append(self.fs.orphan_ino)
        self.skipped += self.odd_orphans(orphans)
        for ino, inode in self.inodes.items():
            if inode.links == 0:
                self.skipped.append(ino)
            elif inode.why:
                self.add("unreadable", inode, None, why=inode.why)
            elif ino not in self.fs.system:
                self.judge(inode, ino in orphans)

    def odd_orphans(self, orphans):
        """Orphans that are not in use, and the inode (None: the superblock) that the list cannot be followed from."""
        fs, at, ino, met = self.fs, None, self.fs.last_orphan, set()
        free = {n for n in orphans if 0 < n <= fs.inodes and self.is_free(n)}
        while fs.first_ino <= ino <= fs.inodes and ino not in met:
            met.add(ino)
            at, inode = ino, fs.sound_inode(ino)
            ino = inode.dtime if inode else 0
        return list(free) + ([at] if ino and at not in free else [])

    def is_free(self, ino):
        g, i = self.fs.groups[(ino - 1) // self.fs.ipg], (ino - 1) % self.fs.ipg
        if g["misplaced"]:
            return False
        if g["trusted"] and (self.fs.csum or self.fs.ro & imgfmt.RO_GDT_CSUM) and \
                (g["flags"] & imgfmt.BG_INODE_UNINIT or i >= self.fs.ipg - g["unused"]):
            return True
        bitmap = self.fs._inode_bitmap(g)
        return bitmap is not None and not bitmap[i >> 3] >> (i & 7) & 1

    @staticmethod
    def order(finding):
        ino, lblk = finding["ino"], finding["lblk"]
        return -1 if ino is None else ino, -1 if lblk is None else lblk, finding["kind"]

    def take(self, inode):
        """Read what the inode maps; `why` says what is wrong with it.

        What is sound in spite of the fault is claimed anyway: it may be true, and then
        nobody else's finding in those blocks can be judged.
        """
        if inode.ino in (1, 7):
            return
        self.inodes[inode.ino] = inode
        if not self.fs.inode_csum_ok(inode):
            inode.why, inode.acl, inode.translator = "inode checksum", 0, 0
            return
        for field in ("acl", "translator"):
            try:
                if getattr(inode, field):
                    self.fs.check_blocks(getattr(inode, field))
            except Bad as err:
                inode.why = str(err)
                setattr(inode, field, 0)
        try:
            self.fs.read_map(inode)
        except Bad as err:
            inode.why = inode.why or str(err)

    # -- blocks that two own -----------------------------------------------------------------------

    def claims(self):
        """Blame those whose blocks, or clusters where space is given out in clusters, meet."""
        ratio, spans, attrs = self.fs.ratio, [], {}
        for inode in self.inodes.values():
            last = None
            for l, p, c, _ in [] if self.shared else inode.runs:
                low, high = p // ratio, (p + c - 1) // ratio + 1
                if ratio > 1 and last == (l // ratio, low):
                    low += 1    # one cluster may serve several extents that follow each other
                last = (l + c - 1) // ratio, high - 1
                if low < high:
                    spans.append((low, high, inode))
            spans += [(p // ratio, p // ratio + 1, inode) for p in inode.tree]
            if inode.translator and not self.shared:
                spans.append((inode.translator // ratio, inode.translator // ratio + 1, inode))
            if inode.acl and not self.shared:
                attrs.setdefault(inode.acl // ratio, []).append(inode)
        for pblk, count, data, _ in contested(self.fs, self.inodes.values()):
            if data and self.shared:
                continue
            low, high = pblk // ratio, (pblk + count - 1) // ratio + 1
            spans += [(low, high, self.nobody), (low, high, self.nobody)]
        spans.sort(key=lambda s: (s[0], s[1], s[2].ino))
        self.spans, self.attrs = spans, attrs
        reach, holder = 0, None
        for start, end, inode in spans:
            if start < reach:
                self.twice(start, inode, holder)
            if end > reach:
                reach, holder = end, inode
        if attrs:
            self.attribute_claims(spans, attrs)

    def attribute_claims(self, spans, attrs):
        """An attribute block may have many readers, but no inode may map it, and it has its cluster for itself."""
        wanted, i, active = sorted(attrs), 0, []
        for block in wanted:
            if len({inode.acl for inode in attrs[block]}) > 1:
                self.twice(block, *attrs[block])
            while i < len(spans) and spans[i][0] <= block:
                active.append(spans[i])
                i += 1
            active = [s for s in active if s[1] > block]
            for _, _, inode in active:
                self.twice(block, inode, *attrs[block])

    # -- shared blocks -----------------------------------------------------------------------------

    def look_at_all(self):
        """How many bytes of each block some inode shows, from its first on."""
        bs, linked = self.fs.bs, [inode for inode in self.inodes.values() if inode.links]
        for pblk, count, _, written in contested(self.fs, linked):
            for p in range(pblk, pblk + count if written else pblk):
                self.shown[p] = bs
        for inode in linked:
            for p in inode.tree + [n for n in (inode.acl, inode.translator) if n]:
                self.shown[p] = bs
            for l, p, c, w in inode.runs:
                for i in range(c if w else 0):
                    self.shown[p + i] = max(self.shown.get(p + i, 0), self.shows(inode, l + i))

    def shows(self, inode, lblk):
        bs, size = self.fs.bs, inode.size
        if inode.kind() not in (S_IFREG, S_IFLNK) or inode.ino in self.fs.system:
            return bs
        if inode.flags & FL_VERITY and lblk * bs >= -(-size // 65536) * 65536:
            return bs
        if inode.flags & FL_ENCRYPT:
            size = -(-size // bs) * bs
        return min(max(size - lblk * bs, 0), bs)

    def unseen(self, pblk, count=1):
        """The bytes of blocks, less what somebody shows of them."""
        data = self.fs.block(pblk, count)
        if not self.shared:
            return data
        bs, out = self.fs.bs, bytearray(data)
        for i in range(count):
            n = self.shown.get(pblk + i, 0)
            out[i * bs:i * bs + n] = bytes(n)
        return bytes(out)

    def twice(self, block, *inodes):
        """It is why they are unreadable, whatever else is wrong with them."""
        for inode in inodes:
            if not inode.why:
                self.only_claimed.add(inode.ino)
            inode.why = "block (or cluster) %d is claimed twice" % block

    # -- judging -----------------------------------------------------------------------------------

    def add(self, kind, inode, lblk, pblk=None, blocks=0, bytes_=None, fixable=False, **more):
        f = {"kind": kind, "ino": inode.ino if inode else None, "path": None,
             "size": inode.size if inode else None, "lblk": lblk, "pblk": pblk, "blocks": blocks,
             "fixable": fixable and not self.shared}
        f.update(bytes_ or stale(b"", 0))
        f.update(more)
        self.findings.append(f)

    def judge(self, inode, orphan):
        encrypted = inode.flags & FL_ENCRYPT
        kind = inode.kind()
        if inode.flags & FL_INLINE:
            if kind == S_IFREG and orphan and not inode.flags & FL_EA_INODE:
                self.pending(inode)
            sealed = encrypted or inode.flags & FL_EA_INODE
            if self.paranoid and not sealed and kind in (S_IFREG, S_IFLNK):
                self.inline_slack(inode)
        elif kind == S_IFLNK and not inode.fast_symlink():
            if self.paranoid and not encrypted:
                self.symlink_slack(inode)
        elif kind == S_IFREG:
            self.regular(inode, orphan)

    def regular(self, inode, orphan):
        if inode.flags & FL_EA_INODE:
            if self.paranoid and inode.flags & FL_ENCRYPT:
                self.sealed_tail(inode)
            elif self.paranoid:
                self.tail(inode, fixable=True)
            return
        if inode.flags & FL_ENCRYPT:
            self.sealed_tail(inode)
        if orphan:
            self.pending(inode)
        else:
            if not inode.flags & FL_ENCRYPT:
                self.tail(inode, fixable=not inode.flags & FL_VERITY)
            self.post_eof(inode)
            self.preallocated(inode)
        if self.paranoid:
            self.residue(inode)

    def written_at(self, inode, lblk):
        for l, p, c, w in inode.runs:
            if l <= lblk < l + c:
                return p + lblk - l if w else None
        return None

    def eof_block(self, inode):
        """The EOF block's (lblk, pblk), or None where there is no tail to speak of."""
        if inode.size % self.fs.bs == 0:
            return None
        lblk = inode.size // self.fs.bs
        pblk = self.written_at(inode, lblk)
        return None if pblk is None else (lblk, pblk)

    def tail(self, inode, fixable):
        place = self.eof_block(inode)
        if place:
            found = stale(self.unseen(place[1])[inode.size % self.fs.bs:], inode.size)
            if found["nonzero"]:
                self.add("stale-tail", inode, *place, 1, found, fixable)

    def sealed_tail(self, inode):
        place = self.eof_block(inode)
        if place and self.opaque:
            self.add("opaque", inode, *place, 1)

    def written_from(self, inode, first):
        """Runs of written blocks from `first` on, less a verity file's tree."""
        end = imgfmt.LBLK_END
        if inode.flags & FL_VERITY:
            end = -(-inode.size // 65536) * 65536 // self.fs.bs
        for l, p, c, w in inode.runs:
            low, high = max(l, first), min(l + c, end)
            if w and low < high:
                yield low, p + low - l, high - low

    def post_eof(self, inode):
        bs = self.fs.bs
        last = max((l + c - 1 for l, _, c, w in inode.runs if w), default=0)
        more = {"e2fsck": "would-grow" if last * bs > inode.size else "blind"}
        if self.cut_off(inode, -(-inode.size // bs)):
            more = {"e2fsck": "would-clear"}
        if inode.flags & FL_VERITY:
            more = {}
        for l, p, c in self.written_from(inode, -(-inode.size // bs)):
            found = stale(self.unseen(p, c), l * bs)
            kind = "post-eof-data" if found["nonzero"] else "post-eof-zero"
            self.add(kind, inode, l, p, c, found, not inode.flags & FL_VERITY, **more)

    def preallocated(self, inode):
        """Unwritten blocks past EOF below an index entry that e2fsck takes for out of bounds."""
        first = -(-inode.size // self.fs.bs)
        parts = [(max(l, first), p + max(0, first - l), l + c - max(l, first))
                 for l, p, c, w in inode.runs if not w and l + c > first]
        if not parts or inode.flags & FL_VERITY or not self.cut_off(inode, first):
            return
        node, depth = inode.raw[40:100], imgfmt.u16(inode.raw, 46)
        if depth < 2:
            return
        while depth > 1:
            at = 12 * imgfmt.u16(node, 2)
            node = self.fs.block(imgfmt.u32(node, at + 4) | imgfmt.u16(node, at + 8) << 32)
            depth -= 1
        if imgfmt.u32(node, 12 * imgfmt.u16(node, 2)) > first:
            self.add("post-eof-unwritten", inode, *min(parts)[:2], sum(n for _, _, n in parts), None, True,
                     e2fsck="would-clear")

    @staticmethod
    def cut_off(inode, first):
        """EOF lies in the last entry of a root that has levels below: e2fsck unmaps what follows it."""
        count, depth = imgfmt.u16(inode.raw, 42), imgfmt.u16(inode.raw, 46)
        if not inode.flags & imgfmt.FL_EXTENTS or not depth or not 1 <= count <= 4 or first < 2:
            return False
        return first >= imgfmt.u32(inode.raw, 40 + 12 * count)

    def pending(self, inode):
        """A truncate that never finished: all that it would have removed, in one finding."""
        bs, size = self.fs.bs, inode.size
        first = size // bs
        if inode.flags & FL_ENCRYPT and size % bs:
            first += 1
        pblk, blocks, low, high, nonzero = None, 0, None, None, 0
        for l, p, c in self.written_from(inode, first):
            pblk = p if pblk is None else pblk
            blocks += c
            skip = max(0, size - l * bs)
            found = stale(self.unseen(p, c)[skip:], l * bs + skip)
            if found["nonzero"]:
                low = found["first"] if low is None else low
                high = found["last"]
                nonzero += found["nonzero"]
        found = {"first": low, "last": high, "nonzero": nonzero}
        self.add("pending-truncate", inode, first, pblk, blocks, found, not inode.flags & FL_VERITY)

    # -- what only --paranoid looks at -------------------------------------------------------------

    def residue(self, inode):
        fixable = not inode.flags & FL_VERITY
        for l, p, c, w in inode.runs:
            if not w:
                found = stale(self.unseen(p, c), l * self.fs.bs)
                if found["nonzero"]:
                    self.add("unwritten-residue", inode, l, p, c, found, fixable)
        if self.fs.ratio > 1:
            self.cluster_slack(inode, fixable)

    def cluster_slack(self, inode, fixable):
        ratio, used = self.fs.ratio, {}
        for l, p, c, _ in inode.runs:
            for cluster in range(p // ratio, (p + c - 1) // ratio + 1):
                low, high = max(p, cluster * ratio), min(p + c, (cluster + 1) * ratio)
                shift, blocks = used.setdefault(cluster, (l - p, set()))
                blocks.update(range(low, high))
        for cluster, (shift, blocks) in used.items():
            run = []
            for p in range(cluster * ratio, min((cluster + 1) * ratio, self.fs.blocks) + 1):
                if p < min((cluster + 1) * ratio, self.fs.blocks) and p not in blocks:
                    run.append(p)
                    continue
                if run:
                    lblk = run[0] + shift
                    found = stale(self.unseen(run[0], len(run)), lblk * self.fs.bs)
                    if found["nonzero"]:
                        self.add("cluster-slack", inode, lblk, run[0], len(run), found, fixable)
                run = []

    def symlink_slack(self, inode):
        pblk = self.written_at(inode, 0)
        if pblk is not None and inode.size < self.fs.bs:
            found = stale(self.unseen(pblk)[inode.size:], inode.size)
            if found["nonzero"]:
                self.add("symlink-slack", inode, 0, pblk, 1, found, True)

    def inline_slack(self, inode):
        found = stale(self.fs.inline_room(inode)[inode.size:], inode.size)
        if found["nonzero"]:
            self.add("inline-slack", inode, 0, None, 0, found, True)

    # -- names -------------------------------------------------------------------------------------

    def name(self):
        names = {}
        for ino in sorted(self.inodes):
            inode = self.inodes[ino]
            if inode.kind() != S_IFDIR or not inode.links or inode.why or ino in self.fs.system:
                continue
            for target, label in self.entries(inode):
                names.setdefault(target, (ino, label))
        for f in self.findings:
            path = self.path(f["ino"], names)
            if path is None:
                continue
            try:
                f["path"] = path.decode("utf-8")
            except UnicodeDecodeError:
                del f["path"]
                f["path_hex"] = path.hex()

    @staticmethod
    def path(ino, names):
        parts, seen = [], set()
        if ino == 2:
            return b"/"
        while ino != 2:
            if ino in seen or ino not in names:
                return None
            seen.add(ino)
            ino, label = names[ino]
            parts.append(label)
        path = b"/" + b"/".join(reversed(parts))
        return path if len(path) < 4096 else None

    def entries(self, inode):
        """(inode number, name) of each entry in the order of offsets, without . and .. ones."""
        if inode.flags & FL_INLINE:
            room = self.fs.inline_room(inode)
            yield from self.block_entries(room[4:60])
            yield from self.block_entries(room[60:])
            return
        for l, p, c, w in inode.runs:
            for i in range(c if w else 0):
                if (l + i + 1) * self.fs.bs <= inode.size:
                    yield from self.block_entries(self.fs.block(p + i))

    def block_entries(self, data):
        at = 0
        while at + 8 <= len(data):
            ino, step = imgfmt.u32(data, at), imgfmt.u16(data, at + 4)
            if self.fs.bs >= 65536:
                step = 65536 if step in (0, 65535) else step & 65532 | (step & 3) << 16
            length = data[at + 6]  # one byte, also where the next one is no file type: as e2fsck and the kernel read it
            if step < 8 or step % 4 or at + step > len(data) or length + 8 > step:
                return
            label = data[at + 8:at + 8 + length]
            if ino and length and label not in (b".", b"..") and not set(label) & {0, 0x2F}:
                yield ino, label
            at += step


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("image")
    ap.add_argument("--offset", type=int, default=0)
    ap.add_argument("--paranoid", action="store_true")
    ap.add_argument("--opaque", action="store_true")
    ap.add_argument("--skipped", action="store_true")
    opts = ap.parse_args()
    try:
        witness = Witness(imgfmt.Image(opts.image, opts.offset), opts.paranoid, opts.opaque)
        witness.run()
    except Bad as err:
        print("witness: %s: %s" % (opts.image, err), file=sys.stderr)
        return 8
    if opts.skipped:
        print("\n".join(map(str, sorted(ino or 0 for ino in witness.skipped))))
        return 0
    for f in witness.findings:
        f.pop("why", None)
        print(json.dumps(f, sort_keys=True))
    return 4 if any(f["kind"] != "opaque" for f in witness.findings) else 0


if __name__ == "__main__":
    sys.exit(main())
