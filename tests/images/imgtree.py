#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes host files and the debugfs script that puts them into a test image.

usage: imgtree.py DIR --bs N [--files N] [--past N] [--extents] [--inline] [--ratio N] [--grow]
                  [--deep N]... [--far LBLK]...

DIR receives the host files; the script goes to standard output. Order, names, sizes and content
follow from the arguments alone. With --grow some sizes are lowered so far that e2fsck would grow
them again; without it only by the one block that e2fsck does not see.
"""

import argparse
import os
import random
import sys


class Tree:
    def __init__(self, opts):
        self.opts, self.bs = opts, opts.bs
        self.random = random.Random(opts.bs * 1000 + opts.files)
        self.out = sys.stdout.buffer
        self.count = 0

    def say(self, line):
        self.out.write((line if isinstance(line, bytes) else line.encode()) + b"\n")

    def host(self, parts, size):
        """A host file with these (offset, length) parts filled by bytes that are never zero."""
        path = os.path.join(self.opts.dir, "h%05d" % self.count)
        self.count += 1
        with open(path, "wb") as f:
            for offset, length in parts:
                f.seek(offset)
                unit = bytes(1 + self.random.randrange(255) for _ in range(61))
                f.write((unit * (length // 61 + 1))[:length])
            f.truncate(size)
        return path

    def write(self, name, size, parts=None):
        path = self.host([(0, size)] if parts is None else parts, size)
        if isinstance(name, str):
            name = name.encode()
        self.say(b'write ' + path.encode() + b' "' + name + b'"')

    def cd(self, path):
        self.say("cd " + path)

    # -- what a tree holds -------------------------------------------------------------------------

    def sizes(self):
        bs = self.bs
        few = [1, bs - 1, bs, bs + 1, 100, bs // 2 + 3, 2 * bs - 5, 7, 0, bs // 3]
        many = [3 * bs + 17, 5 * bs + bs // 2, 12 * bs + 7, 13 * bs - 3, 4 * bs, 15 * bs + 1]
        return few if bs > 4096 else few + many

    def plain(self):
        """Files of every size around a block's edges, holes in some, in a few directories."""
        bs, sizes = self.bs, self.sizes()
        per_dir = max(1, self.opts.files // 6)
        for n in range(self.opts.files):
            if n % per_dir == 0:
                d = "d%d" % (n // per_dir)
                self.cd("/")
                self.say("mkdir " + d)
                self.cd("/" + d)
            size = sizes[n % len(sizes)]
            blocks = size // bs
            if n % 5 == 3 and blocks >= 3:
                self.write("f%04d" % n, size, [(0, bs), (2 * bs, size - 2 * bs)])
            elif n % 11 == 4 and size % bs and blocks:
                self.write("f%04d" % n, size, [(0, bs)])
            else:
                self.write("f%04d" % n, size)

    def names(self):
        """Names that are not plain: two names, no UTF-8, blanks, long ones, a deep path."""
        bs = self.bs
        self.cd("/")
        self.say("mkdir names")
        self.cd("/names")
        some = ["caf\u00e9", "with blank", "x" * 255, "\u96ea" * 20, "quo'te", "#hash"]
        for n, name in enumerate(some):
            self.write(name, bs + 30 + n)
        self.write(b"latin-\xe9\xff", bs // 2)
        self.say(b'mkdir "dir-\xfe"')
        self.say(b'cd "/names/dir-\xfe"')
        self.write("plain", bs + 1)
        self.cd("/names")
        self.write("linked", 2 * bs + 9)
        self.say("ln linked second")
        self.say("ln linked /d0/third")
        self.say("sif linked links_count 3")
        for n in range(8):
            self.say("mkdir deep%d" % n)
            self.say("cd deep%d" % n)
        self.write("bottom", 77)

    def odd(self):
        self.cd("/")
        self.say("mkdir odd")
        self.cd("/odd")
        self.say("mknod pipe p")
        self.say("mknod null c 1 3")
        self.say("mknod disk b 7 0")
        self.say("symlink fast short/target")
        for n in (60, 61, 200, 400, 700):
            self.say("symlink slow%d %s" % (n, "/t" * (n // 2) + "x" * (n % 2)))
        for n in range(4):
            self.write("gone%d" % n, 2 * self.bs + n)
        self.say("rm gone0")
        self.say("rm gone2")

    def past_eof(self):
        """Written blocks past EOF: one that e2fsck overlooks, runs that it would publish."""
        bs = self.bs
        self.cd("/")
        self.say("mkdir past")
        self.cd("/past")
        for n in range(self.opts.past):
            blocks = 1 + n % 4
            self.write("blind%d" % n, (blocks + 1) * bs - n * 7 % bs)
            self.say("sif blind%d size %d" % (n, blocks * bs))
        for n in range(self.opts.past if self.opts.grow else 0):
            size = (1 + n % 5) * bs - (0 if n % 3 == 0 else 13 + n)
            if n % 4 == 2:
                base = size // bs * bs
                parts = [(0, size), (base + 3 * bs, 2 * bs), (base + 7 * bs, bs)]
                self.write("grow%d" % n, base + 8 * bs, parts)
            else:
                self.write("grow%d" % n, size + (2 + n % 3) * bs + n)
            self.say("sif grow%d size %d" % (n, size if n % 7 else 0))

    def unwritten(self):
        """Unwritten blocks in holes, under EOF, as a whole file, and past EOF."""
        bs = self.bs
        self.cd("/")
        self.say("mkdir unwritten")
        self.cd("/unwritten")
        for n in range(self.opts.past):
            name = "u%d" % n
            if n % 4 == 0:
                self.write(name, 6 * bs + 11 + n, [(0, bs), (5 * bs, bs + 11 + n)])
                self.say("fallocate %s 1 %d" % (name, 2 + n % 3))
            elif n % 4 == 1:
                # debugfs fills the rest of a cluster with written blocks
                start = max(2, self.opts.ratio)
                self.write(name, 2 * bs - 40 - n)
                self.say("fallocate %s %d %d" % (name, start, start + 2 + n % 5))
            elif n % 4 == 2 and not self.opts.inline:
                self.write(name, 0)
                self.say("fallocate %s 0 %d" % (name, 3 + n % 3))
                self.say("sif %s size %d" % (name, 2 * bs + 5 + n))
            elif n % 4 == 3:
                self.write(name, 3 * bs + 5, [(0, bs)])
                self.say("fallocate %s 3 3" % name)

    def deep(self, count):
        """A file whose every second block is a hole: one extent a block."""
        bs = self.bs
        self.cd("/")
        size = (2 * count - 1) * bs - 200
        parts = [(2 * i * bs, bs) for i in range(count - 1)] + [((2 * count - 2) * bs, bs - 200)]
        self.write("deep%d" % count, size, parts)

    def far(self, lblk):
        """A sparse file with one block at the start and a partial one far away."""
        self.cd("/")
        self.write("far%d" % lblk, lblk * self.bs + 301, [(0, 10), (lblk * self.bs, 301)])


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("dir")
    ap.add_argument("--bs", type=int, required=True)
    ap.add_argument("--files", type=int, default=240)
    ap.add_argument("--past", type=int, default=24)
    ap.add_argument("--extents", action="store_true")
    ap.add_argument("--inline", action="store_true")
    ap.add_argument("--ratio", type=int, default=1)
    ap.add_argument("--grow", action="store_true")
    ap.add_argument("--deep", type=int, action="append", default=[])
    ap.add_argument("--far", type=int, action="append", default=[])
    tree = Tree(ap.parse_args())
    tree.plain()
    tree.names()
    tree.odd()
    tree.past_eof()
    if tree.opts.extents:
        tree.unwritten()
    for count in tree.opts.deep:
        tree.deep(count)
    for lblk in tree.opts.far:
        tree.far(lblk)


if __name__ == "__main__":
    main()
