#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plants bytes past EOF in an image and lists what a check must then find.

usage: pollute.py IMAGE [--list FILE] [--seed N] [--orphan INO]... [--no-plant]

Where blocks lie is asked of debugfs and never worked out here, so the list is a second opinion on
every reader of the format. Each line of the list is a finding (doc/findings.md) without its path.
"""

import argparse
import json
import random
import re
import subprocess
import sys

ENCRYPT, VERITY, EA_INODE, INLINE = 0x800, 0x100000, 0x200000, 0x10000000
PIECE = re.compile(r"\((\d+)(\[u\])?(?:-(\d+)(\[u\])?)?\):(\d+)(?:-(\d+))?")


def debugfs(image, commands):
    return subprocess.run(["debugfs", "-f", "-", image], input="\n".join(commands) + "\n",
                          encoding="latin-1", capture_output=True, check=True).stdout


def superblock(image):
    text = debugfs(image, ["stats -h"])

    def number(label, default):
        m = re.search(r"^%s:\s+(\d+)" % re.escape(label), text, re.M)
        return int(m.group(1)) if m else default

    bs = number("Block size", 0)
    return {"bs": bs, "inodes": number("Inode count", 0), "blocks": number("Block count", 0),
            "first": number("First inode", 11), "ratio": number("Cluster size", bs) // bs,
            "orphan file": number("Orphan file inode", 0)}


class File:
    """What `debugfs stat` says of one inode."""

    def __init__(self, text):
        self.ino = int(re.search(r"^Inode: (\d+)", text, re.M).group(1))
        self.type = re.search(r"Type: (.*?)  +Mode:", text).group(1)
        self.flags = int(re.search(r"Flags: (0x[0-9a-f]+)", text).group(1), 16)
        self.size = int(re.search(r"Size: (\d+)$", text, re.M).group(1))
        self.links = int(re.search(r"^Links: (\d+)", text, re.M).group(1))
        self.runs = []
        m = re.search(r"^(?:EXTENTS|BLOCKS):\n(.*)", text, re.M)
        for lblk, u1, end, u2, pblk, _ in PIECE.findall(m.group(1) if m else ""):
            count = int(end) - int(lblk) + 1 if end else 1
            self.take(int(lblk), int(pblk), count, not (u1 or u2))

    def take(self, lblk, pblk, count, written):
        if self.runs:
            l, p, c, w = self.runs[-1]
            if (l + c, p + c, w) == (lblk, pblk, written):
                self.runs[-1] = (l, p, c + count, w)
                return
        self.runs.append((lblk, pblk, count, written))


def files(image, sb):
    """The inodes in use that are regular files or symlinks."""
    wanted = range(sb["first"], sb["inodes"] + 1)
    answers = debugfs(image, ["testi <%d>" % i for i in wanted])
    used = re.findall(r"Inode (\d+) is marked in use", answers)
    answers = debugfs(image, ["stat <%s>" % i for i in used])
    for text in re.split(r"(?m)^(?=Inode: \d+ )", answers)[1:]:
        f = File(text)
        if f.type in ("regular", "symlink") and f.links and not f.flags & INLINE:
            if f.ino != sb["orphan file"]:
                yield f


class Polluter:
    def __init__(self, opts):
        self.opts, self.sb = opts, superblock(opts.image)
        self.bs = self.sb["bs"]
        self.expected = []
        self.io = open(opts.image, "r+b" if not opts.no_plant else "rb")

    def read(self, pblk, count=1):
        self.io.seek(pblk * self.bs)
        return self.io.read(count * self.bs)

    def plant(self, dice, at, length):
        """Bytes that are not zero somewhere in [at, at + length) of the image, or none at all."""
        if self.opts.no_plant or not length:
            return
        spots = {0: [(0, length)], 1: [(0, 1)], 2: [(length - 1, 1)], 3: [(length // 2, 1)],
                 4: [(dice.randrange(length), 1) for _ in range(5)],
                 5: [(length // 3, length - length // 3)], 6: [(0, 1), (length - 1, 1)],
                 7: []}[dice.randrange(8)]
        for offset, size in spots:
            self.io.seek(at + offset)
            unit = bytes(1 + dice.randrange(255) for _ in range(min(size, 97)))
            self.io.write((unit * (size // 97 + 1))[:size])

    def note(self, kind, f, lblk, pblk, blocks, data, start, fixable, **more):
        places = [i for i, byte in enumerate(data) if byte] if data.count(0) != len(data) else []
        if not places and kind not in ("post-eof-zero", "pending-truncate"):
            return
        self.expected.append(dict(
            kind=kind, ino=f.ino, size=f.size, lblk=lblk, pblk=pblk, blocks=blocks,
            first=start + places[0] if places else None,
            last=start + places[-1] if places else None,
            nonzero=len(places), fixable=fixable, **more))

    # -- one file ----------------------------------------------------------------------------------

    def regular(self, f, dice):
        tail_at, eof = f.size % self.bs, f.size // self.bs
        verity, sealed = f.flags & VERITY, f.flags & ENCRYPT
        for l, p, c, w in f.runs:
            if w and tail_at and l <= eof < l + c and not sealed:
                home = p + eof - l
                self.plant(dice, home * self.bs + tail_at, self.bs - tail_at)
                if f.ino not in self.opts.orphan:
                    self.note("stale-tail", f, eof, home, 1, self.read(home)[tail_at:], f.size,
                              not verity)
            elif not w and not f.flags & EA_INODE:
                self.plant(dice, p * self.bs, c * self.bs)
                self.note("unwritten-residue", f, l, p, c, self.read(p, c), l * self.bs, not verity)
        if f.ino in self.opts.orphan:
            self.pending(f, eof, tail_at and sealed)
        elif not f.flags & EA_INODE:
            self.past_eof(f, dice, eof + (1 if tail_at else 0))
        if self.sb["ratio"] > 1 and not f.flags & EA_INODE:
            self.slack(f, dice)

    def beyond(self, f, first):
        end = -(-f.size // 65536) * 65536 // self.bs if f.flags & VERITY else 1 << 32
        for l, p, c, w in f.runs:
            low, high = max(l, first), min(l + c, end)
            if w and low < high:
                yield low, p + low - l, high - low

    def past_eof(self, f, dice, first):
        last = max([l + c - 1 for l, _, c, w in f.runs if w] or [0])
        more = {"e2fsck": "would-grow" if last * self.bs > f.size else "blind"}
        if f.flags & VERITY:
            more = {}
        for l, p, c in self.beyond(f, first):
            if not self.opts.no_plant and dice.randrange(4) == 0:
                self.io.seek(p * self.bs)
                self.io.write(bytes(c * self.bs))
                self.plant(dice, p * self.bs, c * self.bs)
            data = self.read(p, c)
            kind = "post-eof-data" if data.count(0) != len(data) else "post-eof-zero"
            self.note(kind, f, l, p, c, data, l * self.bs, not f.flags & VERITY, **more)

    def pending(self, f, eof, sealed):
        runs = list(self.beyond(f, eof + 1 if sealed else eof))
        flat = []
        for l, p, c in runs:
            skip = max(0, f.size - l * self.bs)
            data = self.read(p, c)[skip:]
            flat += [l * self.bs + skip + i for i, byte in enumerate(data) if byte]
        self.expected.append(dict(
            kind="pending-truncate", ino=f.ino, size=f.size, lblk=eof + 1 if sealed else eof,
            pblk=runs[0][1] if runs else None, blocks=sum(c for _, _, c in runs),
            first=flat[0] if flat else None, last=flat[-1] if flat else None,
            nonzero=len(flat), fixable=not f.flags & VERITY))

    def slack(self, f, dice):
        """The blocks of the file's clusters that debugfs does not list."""
        ratio, owner = self.sb["ratio"], {}
        for l, p, c, _ in f.runs:
            for i in range(c):
                owner[p + i] = l + i
        for cluster in sorted({p // ratio for p in owner}):
            inside = range(cluster * ratio, min((cluster + 1) * ratio, self.sb["blocks"]))
            shift = next(owner[p] - p for p in inside if p in owner)
            free = [p for p in inside if p not in owner]
            while free:
                n = 1
                while n < len(free) and free[n] == free[0] + n:
                    n += 1
                self.plant(dice, free[0] * self.bs, n * self.bs)
                lblk = free[0] + shift
                self.note("cluster-slack", f, lblk, free[0], n, self.read(free[0], n),
                          lblk * self.bs, not f.flags & VERITY)
                free = free[n:]

    def symlink(self, f, dice):
        if f.runs and f.runs[0][0] == 0 and not f.flags & ENCRYPT and f.size < self.bs:
            pblk = f.runs[0][1]
            # e2fsck wants the target to end with a NUL
            self.plant(dice, pblk * self.bs + f.size + 1, self.bs - f.size - 1)
            self.note("symlink-slack", f, 0, pblk, 1, self.read(pblk)[f.size:], f.size, True)

    def run(self):
        for f in list(files(self.opts.image, self.sb)):
            dice = random.Random(self.opts.seed * 1000003 + f.ino)
            (self.regular if f.type == "regular" else self.symlink)(f, dice)
        self.io.close()
        if self.opts.list:
            with open(self.opts.list, "a", encoding="ascii") as out:
                for line in self.expected:
                    out.write(json.dumps(line, sort_keys=True) + "\n")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("image")
    ap.add_argument("--list")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--orphan", type=int, action="append", default=[])
    ap.add_argument("--no-plant", action="store_true")
    Polluter(ap.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
