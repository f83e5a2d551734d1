#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Converts whole images and files, and has the kernel show what came of it.

usage: convert.py E4ZERO NAME BLOCK-SIZE SEED FILES MIB MKE2FS-ARGUMENTS...   (in a directory of its own)

The image's free blocks are full of old bytes. After each conversion e2fsck is silent, and every file has the content,
size and times that it had; its map is what the one before comes to by the rules of --convert.
"""

import os
import random
import subprocess
import sys

from layouts import Maker, junk
from mounted import Failed, Mounted, fallocate, look_all, run


def zero_blocks(look, bs):
    """The blocks below EOF that read as zero."""
    chunks = {}
    for n, data in look.content.chunks.items():
        for at in range(0, len(data), bs):
            if data[at:at + bs].strip(b"\0"):
                chunks[(n * 4096 + at) // bs] = True
    return chunks


class Conversions:
    def __init__(self, e4zero, name, bs, seed, files, mib, args):
        self.e4zero, self.name, self.bs, self.args = e4zero, name, bs, args
        self.rng = random.Random("%s %d %d" % (name, bs, seed))
        self.files, self.mib = files, mib
        self.names = ["f%03d" % i for i in range(files)]
        self.journal = "j.img" if "external" in name else None
        self.converted = self.steps = 0
        self.wide = None

    def zeros(self, fd):
        """Written zeroes, alone and among data."""
        for _ in range(self.rng.randrange(1, 6)):
            off = self.rng.randrange(60) * self.bs
            os.pwrite(fd, junk(self.rng, self.rng.randrange(1, 3 * self.bs)), off)
            os.pwrite(fd, bytes(self.rng.randrange(1, 9) * self.bs), off + 2 * self.bs)

    def striped(self, fd):
        """Many extents, so that the map grows and shrinks with what becomes of them."""
        fallocate(fd, 0, 0, 800 * self.bs)
        for block in range(0, 800, 2):
            os.pwrite(fd, bytes(self.bs) if self.rng.random() < 0.5 else junk(self.rng, self.bs),
                      block * self.bs)

    def make(self):
        with open("img", "wb") as f:
            for _ in range(self.mib):
                f.write(b"\xa5" * (1 << 20))
        if self.journal:
            run("truncate", "-s", "8M", self.journal)
            run("mke2fs", "-q", "-F", "-O", "journal_dev", "-b", str(self.bs), self.journal)
            device = run("losetup", "-f", "--show", self.journal).strip()
        try:
            run("mke2fs", "-q", "-F", "-b", str(self.bs), "-E", "nodiscard", *self.args,
                *(("-J", "device=" + device) if self.journal else ()), "img")
        finally:
            if self.journal:
                run("losetup", "-d", device)
        os.makedirs("mnt", exist_ok=True)
        maker = Maker(self.rng, self.bs, self.name)
        with Mounted("img", "mnt", journal=self.journal):
            for i, name in enumerate(self.names):
                path = os.path.join("mnt", name)
                if i % 4 > 1:
                    maker.make(path)
                    continue
                fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
                (self.zeros if i % 4 else self.striped)(fd)
                os.close(fd)
        self.fsck("after populating")

    def fsck(self, when):
        out = run("e2fsck", "-fn", *(("-j", self.journal) if self.journal else ()), "img",
                  status=range(256))
        wide = {line for line in out.splitlines() if "could be narrower" in line}
        rest = [line for line in out.splitlines() if line not in wide]
        for word in ("ix?", "ptimize?", "WARNING", "rror"):
            if any(word in line for line in rest):
                raise Failed("e2fsck %s:\n%s" % (when, out))
        # the kernel leaves wide trees; what we write is none
        if self.wide is not None and not wide <= self.wide:
            raise Failed("e2fsck %s:\n%s" % (when, out))
        self.wide = wide

    def look(self):
        with Mounted("img", "mnt", "ro", journal=self.journal):
            looks = look_all("mnt", self.names)
            times = {n: (os.stat("mnt/" + n).st_mtime_ns, os.stat("mnt/" + n).st_ctime_ns)
                     for n in self.names}
        return looks, times

    def convert(self, to, *rest):
        command = [self.e4zero, "--convert", to, "img", *rest]
        if self.journal:
            command += ["--journal-device", self.journal]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed("%s: exit %d\n%s%s" % (" ".join(command), done.returncode, done.stdout,
                                                done.stderr))
        return done.stdout

    def wanted(self, to, look, indirect):
        """The map that LOOK's comes to."""
        bs, data = self.bs, zero_blocks(look, self.bs)
        eof = -(-look.size // bs)
        out = {}
        for block, state in look.blocks(bs).items():
            empty = block >= eof or block not in data
            if to == "written" and block < eof:
                state = "written"
            elif to == "unwritten" and state == "written" and empty and not indirect:
                state = "unwritten"
            elif to == "hole" and (state == "unwritten" or empty):
                continue
            out[block] = state
        return out

    def judge(self, to, before, after, times, times_after, only=None):
        for name in self.names:
            old, new = before[name], after[name]
            wrong = old.content.difference(new.content)
            if wrong:
                raise Failed("%s after %s: %s" % (name, to, wrong))
            if times[name] != times_after[name]:
                raise Failed("%s after %s: another time" % (name, to))
            want = old.blocks(self.bs)
            if only in (None, name):
                want = self.wanted(to, old, "indirect" in self.name)
            got = new.blocks(self.bs)
            if got != want:
                bad = sorted(b for b in set(got) | set(want) if got.get(b) != want.get(b))
                raise Failed("%s after %s: block %d is %s, not %s" %
                             (name, to, bad[0], got.get(bad[0]), want.get(bad[0])))
            self.converted += sum(got.get(b) != s for b, s in old.blocks(self.bs).items())

    def step(self, to, only=None):
        before, times = self.look()
        self.convert(to, *(("/" + only,) if only else ()))
        self.fsck("after " + to)
        after, times_after = self.look()
        self.judge(to, before, after, times, times_after, only)
        digest = run("sha256sum", "img")
        if "nothing to do" not in self.convert(to, *(("/" + only,) if only else ())):
            raise Failed("a second %s does something" % to)
        if run("sha256sum", "img") != digest:
            raise Failed("a second %s changes a byte" % to)
        self.steps += 1

    def all(self):
        self.make()
        for to in self.rng.choice((("unwritten", "written", "hole"), ("written", "unwritten",
                                                                      "written", "hole"))):
            only = self.rng.choice(self.names)
            if not ("indirect" in self.name and to == "unwritten"):
                self.step(to, only)
            self.step(to)
        print("%s-%d: %d files, %d steps, %d blocks" % (self.name, self.bs, len(self.names),
                                                         self.steps, self.converted))


def main():
    e4zero, name, bs, seed, files, mib = sys.argv[1:7]
    try:
        Conversions(e4zero, name, int(bs), int(seed), int(files), int(mib), sys.argv[7:]).all()
    except Failed as why:
        sys.exit("%s-%s seed %s: %s" % (name, bs, seed, why))


main()
