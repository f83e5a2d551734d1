#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The witness's own ledger: who owns every byte, and what of it is stale, as doc/findings.md says.

usage: ledger.py IMAGE [--offset N]

Prints one JSON object a finding, as `e4zero --check --all --json` does, and then the classes with their
places, bytes and stale bytes. Shares no code with lib/.
"""

import argparse
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
import attrs                        # noqa: E402
import folders                      # noqa: E402
import imgfmt                       # noqa: E402
import journal                      # noqa: E402
import slots                        # noqa: E402
from clusters import Clusters       # noqa: E402
from doubt import Doubt             # noqa: E402
from fixed import Fixed             # noqa: E402
from imgfmt import FL_EA_INODE, FL_ENCRYPT, FL_EXTENTS, FL_INLINE, FL_VERITY, S_IFDIR, S_IFLNK, Bad, u32  # noqa: E402
from owners import Owners, Tally    # noqa: E402
from unlinked import Unlinked       # noqa: E402
from witness import Witness         # noqa: E402

KINDS = """unreadable pending-truncate stale-tail post-eof-data post-eof-zero post-eof-unwritten opaque
unwritten-residue cluster-slack symlink-slack inline-slack free-block leaked-block iblock-slack extent-slack
dir-slack htree-slack inode-slack xattr-slack free-inode inode-table journal mmp-slack bitmap-slack super-slack
desc-slack reserved-gdt orphan-file-slack after-fs boot-block deleted-open disputed""".split()
STATIC = "superblock descriptors resize-inode bitmaps inodes mmp bad-blocks".split()


class Ledger(Witness):
    def __init__(self, fs, device=None):
        """DEVICE: where an external journal is."""
        super().__init__(fs, paranoid=True, opaque=True)
        self.device = device
        self.owners, self.late, self.corrupt_folders = Owners(fs), [], False

    @staticmethod
    def order(finding):
        ino, lblk = finding["ino"], finding["lblk"]
        return (-1 if ino is None else ino, finding.get("group") or 0, -1 if lblk is None else lblk,
                KINDS.index(finding["kind"]), finding["pblk"] or 0)

    def examine(self):
        super().examine()
        self.orphans = self.fs.orphans()
        self.clusters = Clusters(self)
        self.linked = [i for i in self.inodes.values() if i.links and self.fs.inode_csum_ok(i)
                       and i.ino not in self.fs.system]
        self.directories()
        self.doubt = Doubt(self)
        fixed = Fixed(self)
        for n in range(self.fs.ngroups):
            fixed.group_clusters(n)
        self.owners.take("boot-block", 0, 1024)
        fixed.run()
        for kind, start, end in self.waiting:
            self.owners.take(kind, start, end)
        self.slots()
        for name in STATIC:
            for owner, start, count in self.clusters.spans:
                if owner == name:
                    self.owners.blocks_of(name, start, count)
        self.journal()
        self.blocks()
        self.unlinked()
        self.rest()

    # -- findings ----------------------------------------------------------------------------------

    def of_group(self, kind, group, place, fixable, **more):
        self.findings.append(dict(place, kind=kind, ino=None, group=group, path=None, size=0, lblk=None,
                                  fixable=fixable and not self.shared, **more))

    def of_inode(self, kind, ino, size, place, fixable, **more):
        self.findings.append(dict(place, kind=kind, ino=ino, path=None, size=size, lblk=None,
                                  fixable=fixable and not self.shared, **more))

    def may_have(self, spans):
        """A doubtful inode, or one that cannot be read, may have some of these blocks."""
        return any(1 in self.doubt.of_any[start:start + count] for start, count in spans)

    def in_doubt(self):
        return self.doubt.unreadable or self.doubt.doubtful

    def unit(self, kind, inode, where, stretches, fixable=True, why=None):
        """The unused stretches of a unit, as bytes of the file system; WHERE gives pblk and blocks."""
        if inode.why:
            return  # that it is unreadable is all that is said of it
        tally = Tally(self.fs)
        for start, end in stretches:
            tally.look(start, end)
        disputed = where["pblk"] is not None and self.clusters.disputed(where["pblk"])
        if tally.nonzero or why:
            self.of_inode(kind, inode.ino, inode.size, dict(where, **tally.bytes()), fixable and not why and not disputed, why=why)

    # -- slots -------------------------------------------------------------------------------------

    def unlinked(self):
        """Inodes without links."""
        fs, judge = self.fs, Unlinked(self)
        for inode in self.without_links():
            blocks = set(inode.tree)
            for _, start, count, _ in inode.runs:
                blocks.update(range(start, start + count))
            tally = Tally(fs)
            for block in sorted(blocks):
                tally.look(block * fs.bs, (block + 1) * fs.bs)
            place = dict(tally.bytes(), blocks=len(blocks))
            place["pblk"] = place["first"] // fs.bs if tally.nonzero else min(blocks, default=None)
            self.of_inode("deleted-open", inode.ino, inode.size, place, judge.certain(inode, blocks))

    def without_links(self):
        """Those in use, and those that only the orphan list or file has."""
        fs = self.fs
        for inode in self.inodes.values():
            if not inode.links and inode.mode and (inode.ino not in fs.system or inode.ino in self.orphans):
                yield inode
        for ino in sorted(self.orphans):
            inode = self.doubt.slot(ino) if 0 < ino <= fs.inodes and ino not in self.inodes else None
            if inode and any(inode.raw) and not inode.links:
                inode.runs, inode.tree = [], []
                try:
                    if fs.inode_csum_ok(inode):
                        fs.read_map(inode)
                except Bad as err:
                    inode.why = str(err)
                yield inode

    def slot_at(self, inode):
        fs = self.fs
        group, i = divmod(inode.ino - 1, fs.ipg)
        return fs.groups[group]["it"] * fs.bs + i * fs.isize

    def slots(self):
        fs = self.fs
        for inode in self.linked:
            at = self.slot_at(inode)
            where = {"pblk": at // fs.bs, "blocks": 0}
            used = slots.map_used(fs, inode)
            spans = [(at + slots.MAP + used, at + slots.MAP_END)]
            special = inode.kind() in (slots.S_IFCHR, slots.S_IFBLK, slots.S_IFIFO, slots.S_IFSOCK)
            held = special and any(inode.raw[slots.MAP + 16:slots.MAP_END])
            self.unit("iblock-slack", inode, where, spans, not held)
            self.own("iblock-slack", spans)
            why, spans = None, []
            try:
                spans = [(at + low, at + high) for low, high in slots.slot_slack(fs, inode)]
            except Bad as err:
                why = str(err)
            self.unit("inode-slack", inode, where, spans, True, why)
            self.own("inode-slack", spans)
            if inode.flags & FL_INLINE:
                self.inline(inode, at)

    def own(self, kind, spans):
        for start, end in spans:
            self.owners.take(kind, start, end)

    def inline(self, inode, at):
        """The bytes of inline data past its size, of those that may have them."""
        if inode.kind() not in (imgfmt.S_IFREG, S_IFLNK) or inode.flags & (FL_ENCRYPT | FL_EA_INODE):
            return
        try:
            self.fs.inline_room(inode)
            value = slots.value_place(self.fs, inode)
        except Bad:
            return
        low = min(inode.size, 60)
        self.owners.take("inline-slack", at + slots.MAP + low, at + slots.MAP_END)
        if value and inode.size < 60 + value[1]:
            skip = max(inode.size - 60, 0)
            self.owners.take("inline-slack", at + value[0] + skip, at + value[0] + value[1])

    # -- directories -------------------------------------------------------------------------------

    def directories(self):
        self.waiting = []
        for inode in self.linked:
            if inode.kind() != S_IFDIR:
                continue
            try:
                for _ in folders.all_names(self.fs, inode):
                    pass
            except Bad:
                self.corrupt_folders = True
            if inode.flags & FL_INLINE:
                self.inline_directory(inode)
            elif not self.shared and (not inode.why or inode.ino in self.only_claimed):
                self.directory(inode)

    def broken(self, kind, inode, where, why):
        self.unit(kind, inode, where, [], False, why)

    def inline_directory(self, inode):
        fs, at = self.fs, self.slot_at(inode)
        where = {"pblk": at // fs.bs, "blocks": 0}
        try:
            value = slots.value_place(fs, inode)
            places = [(slots.MAP + 4, 56)] + ([value[:2]] if value else [])
            spans = []
            for start, length in places:
                data = inode.raw[start:start + length]
                if len(data) != length:
                    raise Bad("system.data reaches past the inode")
                spans += [(at + start + low, at + start + high)
                          for low, high in folders.entries_slack(fs, inode, data, length)]
        except Bad as err:
            self.broken("dir-slack", inode, where, str(err))
            return
        sealed = bool(value and value[2])
        self.unit("dir-slack", inode, where, spans, not sealed, "e_hash" if sealed and self.dirty(spans) else None)
        self.waiting += [("dir-slack", low, high) for low, high in spans]

    def dirty(self, spans):
        tally = Tally(self.fs)
        for start, end in spans:
            tally.look(start, end)
        return bool(tally.nonzero)

    def directory(self, inode):
        fs, below = self.fs, -(-inode.size // self.fs.bs)
        blocks = {l + i: p + i for l, p, c, w in inode.runs for i in range(c if w else 0) if l + i < below}
        index, leaves = {}, blocks.keys()
        if inode.flags & folders.FL_INDEX:
            try:
                tree = folders.HashTree(fs, inode, blocks.get)
            except Bad as err:
                first = inode.runs[0][1] if inode.runs else None
                self.broken("htree-slack", inode, {"pblk": blocks.get(0, first), "blocks": 1}, str(err))
                return
            index, leaves = tree.slack, tree.leaves
        for lblk in sorted(blocks):
            kind, pblk, why, spans = "dir-slack", blocks[lblk], None, []
            try:
                if lblk in index:
                    kind, spans = "htree-slack", index[lblk]
                elif lblk in leaves:
                    spans = folders.leaf_slack(fs, inode, fs.block(pblk))
                else:
                    raise Bad("not in the hash tree")
            except Bad as err:
                why = str(err)
            spans = [(pblk * fs.bs + low, pblk * fs.bs + high) for low, high in spans]
            self.unit(kind, inode, {"pblk": pblk, "blocks": 1}, spans, True, why)
            self.waiting += [(kind, low, high) for low, high in spans]

    # -- the journal -------------------------------------------------------------------------------

    def journal(self):
        fs = self.fs
        ino = u32(fs.sb, 0xE0) if fs.compat & 4 else 0
        inode = self.inodes.get(ino)
        if not fs.compat & 4:
            return
        if self.device:
            device = journal.Device(self.device, fs.bs)
            tally = Tally(device)
            for start, end in device.stretches():
                tally.look(start, end)
            if tally.nonzero:
                self.of_group("journal", 0, tally.place(), True)
            return
        blocks = journal.contiguous(inode) if inode and inode.links and not inode.why else []
        valid = blocks and journal.valid(fs, blocks)
        if not valid or any(self.clusters.disputed(b) or self.doubt.of_unreadable[b] for b in blocks):
            self.of_group("journal", 0, {"pblk": None, "blocks": 0, "first": None, "last": None, "nonzero": 0},
                          False)
            return
        tally = Tally(fs)
        for block in blocks:
            skip = 1024 if block == blocks[0] else 0
            tally.look(block * fs.bs + skip, (block + 1) * fs.bs)
            self.owners.take("journal", block * fs.bs + skip, (block + 1) * fs.bs)
        if tally.nonzero:
            self.of_group("journal", self.clusters.group_of(blocks[0]), tally.place(), True)

    # -- blocks of inodes --------------------------------------------------------------------------

    def blocks(self):
        self.attributes()
        on_disk = sorted(self.inodes.values(), key=self.slot_at)
        seen = set()
        for inode in on_disk:
            for block in inode.tree if inode.flags & FL_EXTENTS and inode in self.linked and not self.shared else ():
                if block not in seen:
                    seen.add(block)
                    self.extent_block(inode, block)
        for inode in on_disk:
            self.map_of(inode)

    def extent_block(self, inode, block):
        fs = self.fs
        spans = slots.extent_slack(fs, block)
        if spans is not None:
            spans = [(block * fs.bs + low, block * fs.bs + high) for low, high in spans]
            self.unit("extent-slack", inode, {"pblk": block, "blocks": 1}, spans)
            self.own("extent-slack", spans)

    def attributes(self):
        fs, having = self.fs, {}
        for ino in sorted(self.inodes):
            if self.inodes[ino].acl:
                having.setdefault(self.inodes[ino].acl, []).append(self.inodes[ino])
        for block, inodes in having.items():
            owner = next((i for i in inodes if i.links and not i.why), None)
            why, spans = None, []
            try:
                if not self.shared:
                    spans = [(block * fs.bs + low, block * fs.bs + high) for low, high in attrs.block_slack(fs, block)]
            except Bad as err:
                why = str(err)
            if owner:
                self.unit("xattr-slack", owner, {"pblk": block, "blocks": 1}, spans, True, why)
            self.own("xattr-slack", spans)
            self.owners.blocks_of("xattr", block)
            self.around(block)

    def around(self, block, name="cluster-slack"):
        """The rest of the cluster of a block that has one for itself."""
        fs = self.fs
        start = block // fs.ratio * fs.ratio
        self.late.append((name, start * fs.bs, (start + fs.ratio) * fs.bs))

    def alone(self):
        """Blocks of trees, attributes and translators: each has a cluster for itself."""
        blocks = {i.acl for i in self.inodes.values()} | {i.translator for i in self.inodes.values()}
        for inode in self.inodes.values():
            if inode.links or inode.ino in self.fs.system:
                blocks.update(inode.tree)
        return blocks - {0}

    def map_of(self, inode):
        fs = self.fs
        tree = "block-map"
        if inode.ino in fs.system:
            tree = self.system_owner(inode.ino)
        elif not inode.links:
            tree = "deleted-open"
        for block in inode.tree:
            name = "deleted-open" if tree == "deleted-open" else "block-map"
            self.owners.blocks_of(name, block)
            self.around(block, "deleted-open" if tree == "deleted-open" else "cluster-slack")
        if inode.translator:
            self.owners.blocks_of("xattr", inode.translator)
            self.around(inode.translator)
        for l, p, c, written in inode.runs:
            if tree != "block-map":
                self.owners.blocks_of(tree, p, c)
                if tree == "deleted-open":
                    low, high = p // fs.ratio, (p + c - 1) // fs.ratio + 1
                    self.late.append((tree, low * fs.ratio * fs.bs, high * fs.ratio * fs.bs))
            elif inode.kind() == S_IFDIR:
                self.owners.blocks_of("directory", p, c)
            else:
                self.run_of(inode, l, p, c, written)

    def system_owner(self, ino):
        if ino == u32(self.fs.sb, 0xE0):
            return "log"
        return "boot-loader" if ino == 5 else "quota-file" if ino in self.fs.quota else "system-file"

    def run_of(self, inode, l, p, c, written):
        """A run of a regular file or a symbolic link."""
        bs, size = self.fs.bs, inode.size
        end = (l + c) * bs

        def take(name, low, high):
            low, high = max(low, l * bs), min(high, end)
            if low < high:
                self.owners.take(name, p * bs + low - l * bs, p * bs + high - l * bs)
        link, value = inode.kind() == S_IFLNK, bool(inode.flags & FL_EA_INODE)
        live = "symlink" if link else "ea-inode" if value else "content"
        if self.shared:
            take(live, 0, end)
        if not written:
            take(live if link or value else "unwritten-residue", 0, end)
            return
        tail = -(-size // bs) * bs
        take(live, 0, size)
        if inode.flags & FL_ENCRYPT:
            take("ciphertext", size, tail)
        if inode.flags & FL_VERITY:
            take("verity-tree", -(-size // 65536) * 65536, end)
        if link:
            take("symlink-slack" if size < bs else "symlink", size, tail)
            take("symlink", tail, end)
        elif inode.ino in self.orphans and not value:
            take("pending-truncate", size, end)
        else:
            take("stale-tail", size, tail)
            take("ea-inode" if value else "post-eof-data", tail, end)

    def cluster_slack(self, inode, fixable):
        """Not where a regular file is judged: rest() does it for all inodes with links."""

    def rest(self):
        """What is left of claimed clusters."""
        fs = self.fs
        if fs.ratio > 1:
            for inode in self.inodes.values():
                if inode.links and not inode.why:
                    super().cluster_slack(inode, not inode.flags & FL_VERITY)
        for name, start, end in self.late:
            self.owners.take(name, start, end)
        if fs.ratio > 1:
            self.owners.take("cluster-slack", 0, fs.blocks * fs.bs)

    # -- the account -------------------------------------------------------------------------------

    def account(self):
        """class: [places, bytes, stale bytes]"""
        out = {name: [0, size, 0] for name, size in self.owners.classes().items()}
        if self.after[1]:
            out["after-fs"] = [0, self.after[1], 0]
        data = self.fs.block(0, -(-1024 // self.fs.bs))[:1024]
        for f in self.findings:
            name = "ciphertext" if f["kind"] == "opaque" else f["kind"]
            if name in ("unreadable", "boot-block"):
                continue
            row = out.setdefault(name, [0, 0, 0])
            row[0] += 1
            row[2] += f["nonzero"]
        if "boot-block" in out and len(data) > data.count(0):
            out["boot-block"][0::2] = 1, len(data) - data.count(0)
        return out


def ledger_of(image, offset=0, device=None):
    ledger = Ledger(imgfmt.Image(image, offset), device)
    ledger.run()
    return ledger


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("image")
    ap.add_argument("--offset", type=int, default=0)
    opts = ap.parse_args()
    try:
        ledger = ledger_of(opts.image, opts.offset)
    except Bad as err:
        print("ledger: %s: %s" % (opts.image, err), file=sys.stderr)
        return 8
    for f in ledger.findings:
        print(json.dumps(f, sort_keys=True))
    for name, row in sorted(ledger.account().items()):
        print("%-20s %8d %14d %14d" % (name, *row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
