# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads quota files independently, and changes them for the tests: shares no code with lib/.

usage.py sums IMAGE                     each entry is what the inodes of its owner come to
usage.py show IMAGE TYPE ID             the entry as NAME=NUMBER, "none" if there is none
usage.py set IMAGE TYPE ID NAME=NUMBER...
usage.py break IMAGE TYPE ID HOW        the tree on the way to the entry, in one of the ways below
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../witness"))
import imgfmt  # noqa: E402
from imgfmt import u16, u32  # noqa: E402

TYPES = {"user": (0x240, 0xD9C01F11), "group": (0x244, 0xD9C01927), "project": (0x26C, 0xD9C03F14)}
NAMES = ("ihard", "isoft", "inodes", "bhard", "bsoft", "space", "btime", "itime")
LEAF, SIZE, PER_LEAF = 16, 72, 14


class QuotaFile:
    """A quota file as blocks of 1024 bytes, each at its place in the image."""

    def __init__(self, fs, kind):
        self.fs = fs
        at, self.magic = TYPES[kind]
        self.ino = u32(fs.sb, at)
        if not self.ino:
            raise SystemExit(f"no quota for {kind}s")
        inode = fs.sound_inode(self.ino)
        fs.read_map(inode)
        self.places = {}
        for lblk, pblk, count, _ in inode.runs:
            for i in range(count * fs.bs // 1024):
                self.places[lblk * fs.bs // 1024 + i] = pblk * fs.bs + i * 1024
        self.size = inode.size

    def block(self, n):
        place = self.places[n]
        return self.fs.block(place // self.fs.bs)[place % self.fs.bs:][:1024]

    def head(self):
        head = self.block(0)
        assert (u32(head, 0), u32(head, 4)) == (self.magic, 1), "the header"
        assert u32(head, 20) * 1024 <= self.size, "the size"

    def walk(self, n=1, depth=0, prefix=0):
        """(id, [blocks on the way], offset of its entry) of all."""
        data = self.block(n)
        for i in range(256):
            below = u32(data, i * 4)
            if not below:
                continue
            number = prefix << 8 | i
            if depth < 3:
                for ident, way, at in self.walk(below, depth + 1, number):
                    yield ident, [n] + way, at
                continue
            leaf = self.block(below)
            used = [k for k in range(PER_LEAF) if any(leaf[LEAF + k * SIZE:][:SIZE])]
            assert u16(leaf, 8) == len(used), "the number of entries"
            mine = [k for k in used if u32(leaf, LEAF + k * SIZE) == number]
            assert len(mine) == 1, f"entry of {number}"
            yield number, [n, below], LEAF + mine[0] * SIZE

    def find(self, ident):
        for number, way, at in self.walk():
            if number == ident:
                return way, at
        return None, None

    def entry(self, way, at):
        out = dict(zip(NAMES, struct.unpack_from("<8Q", self.block(way[-1]), at + 8)))
        # an entry of id 0 that would be all zero
        if not u32(self.block(way[-1]), at) and out["itime"] == 1 and sum(out.values()) == 1:
            out["itime"] = 0
        return out


def owners(fs, inode):
    raw = inode.raw
    project = 0
    if fs.isize > 128 and 128 + u16(raw, 0x80) >= 0xA0:
        project = u32(raw, 0x9C)
    return {"user": u16(raw, 2) | u16(raw, 0x78) << 16, "group": u16(raw, 0x18) | u16(raw, 0x7A) << 16,
            "project": project}


def sums(fs):
    """What all inodes come to: {(type, id): [bytes, inodes]}"""
    out = {}
    for group in range(fs.ngroups):
        for inode in fs.group_inodes(group):
            if inode.ino in fs.system or inode.flags & imgfmt.FL_EA_INODE:
                continue
            unit = fs.bs if inode.flags & 0x40000 else 512
            blocks = (u32(inode.raw, 0x1C) | u16(inode.raw, 0x74) << 32) * unit
            for kind, ident in owners(fs, inode).items():
                total = out.setdefault((kind, ident), [0, 0])
                total[0] += blocks
                total[1] += 1
    return out


def check(fs):
    wanted, wrong = sums(fs), 0
    for kind in TYPES:
        if not u32(fs.sb, TYPES[kind][0]):
            continue
        quota = QuotaFile(fs, kind)
        quota.head()
        got = {}
        for ident, way, at in quota.walk():
            entry = quota.entry(way, at)
            got[kind, ident] = [entry["space"], entry["inodes"]]
        for key in sorted(set(got) | {k for k in wanted if k[0] == kind}):
            if got.get(key, [0, 0]) != wanted.get(key, [0, 0]):
                print(f"{kind} {key[1]}: {got.get(key)} in the quota file, {wanted.get(key)} in inodes")
                wrong = 1
    return wrong


def poke(path, place, data):
    with open(path, "r+b") as image:
        image.seek(place)
        image.write(data)


def damage(path, quota, ident, how):
    way, at = quota.find(ident)
    index = [ident >> 24 & 255, ident >> 16 & 255, ident >> 8 & 255, ident & 255]
    leaf, head = quota.places[way[-1]], quota.places[0]
    last = quota.places[way[3]] + 4 * index[3]
    blocks = u32(quota.block(0), 20)
    where = {
        "magic": (head, b"\0\0\0\0"),
        "version": (head + 4, struct.pack("<I", 0)),
        "blocks": (head + 20, struct.pack("<I", 1 << 20)),
        "no-tree": (head + 20, struct.pack("<I", 1)),
        "loop": (quota.places[way[2]] + 4 * index[2], struct.pack("<I", way[1])),
        "loop-root": (last, struct.pack("<I", 1)),
        "past-end": (last, struct.pack("<I", blocks)),
        "far": (quota.places[way[1]] + 4 * index[1], struct.pack("<I", 0xFFFFFFFF)),
        "leaf": (last, struct.pack("<I", way[3] + 0)),
        "entries": (leaf + 8, struct.pack("<H", PER_LEAF + 1)),
        "no-entries": (leaf + 8, struct.pack("<H", 0)),
        "free-list": (leaf, struct.pack("<I", blocks)),
        "other": (leaf + at, struct.pack("<I", 0x12345)),
        "twice": (leaf + LEAF + (PER_LEAF - 1) * SIZE, struct.pack("<II", ident, 1)),
        "missing": (last, b"\0\0\0\0"),
    }
    poke(path, *where[how])


def main():
    verb, path, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    fs = imgfmt.Image(path)
    if verb == "sums":
        return check(fs)
    quota, ident = QuotaFile(fs, rest[0]), int(rest[1])
    if verb == "break":
        damage(path, quota, ident, rest[2])
        return 0
    way, at = quota.find(ident)
    if verb == "show":
        print("none" if not way else " ".join(f"{k}={v}" for k, v in quota.entry(way, at).items()))
    for item in rest[2:]:
        name, number = item.split("=")
        poke(path, quota.places[way[-1]] + at + 8 + 8 * NAMES.index(name), struct.pack("<Q", int(number)))
    return 0


sys.exit(main())
