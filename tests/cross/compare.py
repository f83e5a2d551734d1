#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two builds of the program do the same operations, and must leave the same bytes.

    compare.py NATIVE FOREIGN SEED OPERATIONS IMAGE...

Works in the current directory, in which each build has a directory with a copy of the image. An operation is one run of
each build: the exit status, standard output and error, the image, the undo files, the trace and the page of --report must
be equal, byte for byte. Only the time of a run and, with -j, the number of bytes read may differ. The OPERATIONS are
spread over the images; after a difference the remaining operations on that image are omitted.
"""
import collections
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../props"))
from ops import Chooser

# two threads may read the same block, each for itself
READ = re.compile(rb'"bytes_read":[0-9]+')
SECONDS = re.compile(rb'"seconds":[0-9.e-]+')
ENVIRONMENT = dict(os.environ, E2FSPROGS_FAKE_TIME="1700000000", LC_ALL="C", TZ="UTC")
WEIGHTS = {"single": 40, "script": 20, "look": 20, "map": 5, "fix": 8, "convert": 8, "undo": 8, "dirty": 5}


class Different(Exception):
    pass


def debugfs(image, *commands):
    done = subprocess.run(["debugfs", "-w", "-f", "-", image], input="\n".join(commands) + "\n", encoding="latin-1",
                          capture_output=True, check=False)
    return done.stdout


def first_difference(a, b):
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return "%d and %d bytes, from byte %d on: %r, %r" % (len(a), len(b), at, a[at:at + 60], b[at:at + 60])


class Comparison:
    """The operations on one image."""

    def __init__(self, programs, image, seed, stats):
        self.sides = list(zip(programs, ("native", "foreign")))
        self.stats = stats
        self.rng = random.Random("%s %s" % (seed, os.path.basename(image)))
        self.count, self.undos = 0, []
        for _, side in self.sides:
            shutil.rmtree(side, ignore_errors=True)
            os.mkdir(side)
            shutil.copy(image, side + "/image")
        said = subprocess.run(["dumpe2fs", "-h", image], capture_output=True, check=False).stdout.decode("latin-1")
        self.bs = int(re.search(r"Block size: *(\d+)", said)[1])
        cluster = re.search(r"Cluster size: *(\d+)", said)
        self.unit = int(cluster[1]) if cluster else self.bs
        self.extents = " extent " in said
        self.chooser = Chooser(self.rng, self.bs, self.unit, 40 * self.bs)

    # -- both of them ------------------------------------------------------------------------------

    def run(self, *words, data=b""):
        """Run both builds; returns their common exit status."""
        results = []
        for program, side in self.sides:
            # an emulator cannot confine the program that it runs
            done = subprocess.run([program, "--sandbox", "off", *words], cwd=side, input=data, env=ENVIRONMENT,
                                  capture_output=True, check=False)
            out = SECONDS.sub(b"", done.stdout)
            results.append((done.returncode, READ.sub(b"", out) if "-j" in words else out, done.stderr))
        if results[0][0] == 16:
            raise Different("not an operation: %s" % results[0][2].decode())
        self.stats["exit %d" % results[0][0]] += 1
        for what, ours, theirs in zip(("status", "standard output", "standard error"), *results):
            if ours != theirs:
                where = "%r, %r" % (ours, theirs) if what == "status" else first_difference(ours, theirs)
                raise Different("%s: %s" % (what, where))
        self.compare_files()
        return results[0][0]

    def compare_files(self):
        names = [sorted(os.listdir(side)) for _, side in self.sides]
        if names[0] != names[1]:
            raise Different("files: %s, %s" % tuple(names))
        for name in names[0]:
            held = []
            for _, side in self.sides:
                with open(os.path.join(side, name), "rb") as file:
                    held.append(file.read())
            if held[0] != held[1]:
                raise Different("%s: %s" % (name, first_difference(*held)))
            self.stats["bytes"] += len(held[0])
        for _, side in self.sides:
            for name in ("trace", "page", "script", "bytes"):
                if os.path.exists(os.path.join(side, name)):
                    os.unlink(os.path.join(side, name))

    def give(self, name, data):
        for _, side in self.sides:
            with open(os.path.join(side, name), "wb") as file:
                file.write(data)

    # -- what is done ------------------------------------------------------------------------------

    def entries(self, folders):
        """(path, mode, size) of the entries of FOLDERS; debugfs repeats each command before its output."""
        found, folder = [], ""
        for line in debugfs("native/image", *("ls -p " + folder for folder in folders)).splitlines():
            fields = line.split("/")
            if line.startswith("debugfs: ls -p "):
                folder = line.split()[-1].rstrip("/")
            elif len(fields) == 8 and re.fullmatch(r"[a-zA-Z0-9][-.\w]*", fields[5], re.ASCII):
                found.append((folder + "/" + fields[5], fields[2], int(fields[6] or 0)))
        return found

    def files(self):
        """(path, size) of regular files, in the root and one folder below; what need not be compared for seconds."""
        folders = ["/"] + [path for path, mode, _ in self.entries(["/"]) if mode.startswith("04")]
        found = [(path, size) for path, mode, size in self.entries(folders) if mode.startswith("10")]
        return [file for file in found if file[1] < 1 << 22] or found

    def options(self, edits, threads=False):
        rng = self.rng
        words = ["--json"] if rng.random() < 0.7 else []
        if threads:
            words += rng.choice((["-j1"], ["-j", "2"], ["-j", "4"]))
        if not edits:
            return words
        if rng.random() < 0.1:
            words.append("--dry-run")
        else:
            words += ["--trace-io", "trace"] * (rng.random() < 0.6)
            if rng.random() < 0.6:
                self.undos.append("undo.%d" % self.count)
                words += ["--undo", self.undos[-1]]
        return words

    def way(self):
        return ["--policy", self.rng.choice(("batch", "flush", "flush-always")),
                "--data", self.rng.choice(("journal", "ordered"))]

    def choose(self):
        """A file, and an operation on it."""
        name, size = self.rng.choice(self.files())
        return name, self.chooser.op(size, self.extents)

    def single(self):
        name, op = self.choose()
        return [*self.options(True), *self.way(), *op.arguments(), "image", name], op.data

    def script(self):
        lines, files = [], self.files()
        for _ in range(self.rng.randint(2, 10)):
            name, size = self.rng.choice(files)
            lines.append(" ".join(self.chooser.op(size, self.extents).words(name, "bytes")))
            lines += ["flush"] * (self.rng.random() < 0.1) + ["commit"] * (self.rng.random() < 0.1)
        self.give("script", "".join(line + "\n" for line in lines).encode())
        self.give("bytes", self.rng.randbytes(self.rng.choice((1, 100, self.bs, 3 * self.bs + 5))))
        split = ["--split"] * (self.rng.random() < 0.5)
        return [*self.options(True), *self.way(), *split, "--script", "script", "image"], b""

    def look(self):
        deep = self.rng.choice(((), ("--paranoid",), ("--all",), ("--all", "-v", "--report", "page"), ("-v", "--report", "page"),
                                ("--shard", "2/3")))
        return [*self.options(False, threads=True), "--check", *deep, "image"], b""

    def map(self):
        return ["--json", "--map", "image", self.rng.choice(self.files())[0], "<2>"], b""

    def fix(self):
        deep = ["--all", "--force"] * (self.rng.random() < 0.3)  # forced, as an undo file would keep what was scrubbed
        return [*self.options(True, threads=True), "--fix", *deep, "image"], b""

    def convert(self):
        name = [self.rng.choice(self.files())[0]] if self.rng.random() < 0.7 else []
        return [*self.options(True), "--convert", self.rng.choice(("written", "unwritten", "hole")), "image", *name], b""

    def undo(self):
        """The last undo file that there is; what was edited without one makes this a refusal, which is equal, too."""
        while self.undos and not os.path.exists("native/" + self.undos[-1]):
            self.undos.pop()
        if not self.undos:
            return self.look()
        return ["--json", "--undo-apply", self.undos.pop(), "image"], b""

    def dirty(self):
        """A log that needs recovery, written by debugfs: blocks of a file, one of them revoked in the end."""
        found = re.search(r"^(\d+)$", debugfs("native/image", "bmap %s 0" % self.choose()[0]), re.M)
        at = int(found[1]) if found else 0
        if at:
            self.give("bytes", self.rng.randbytes(2 * self.bs))
            debugfs("native/image", "jo -c", "jw -b %d,%d native/bytes" % (at, at), "jc", "jo -c",
                    *["jw -r %d" % at] * (self.rng.random() < 0.5), "jw -b %d native/bytes" % at, "jc")
            shutil.copy("native/image", "foreign/image")
        return [*self.options(True), "--replay", "image"] if self.rng.random() < 0.5 else self.look()[0], b""

    def operate(self, operations):
        while self.count < operations:
            self.count += 1
            kind = self.rng.choices(list(WEIGHTS), WEIGHTS.values())[0]
            words, data = getattr(self, kind)()
            self.stats[kind] += 1
            try:
                self.run(*words, data=data)
            except Different as why:
                raise Different("operation %d, e4zero %s: %s" % (self.count, " ".join(words), why)) from None


def main(native, foreign, seed, operations, images):
    stats = collections.Counter()
    done = different = 0
    for i, image in enumerate(images):
        comparison = Comparison((native, foreign), image, seed, stats)
        try:
            comparison.operate(operations * (i + 1) // len(images) - operations * i // len(images))
        except Different as why:
            print("DIFFERENT: %s: seed %s, %s" % (os.path.basename(image), seed, why), flush=True)
            different += 1
        done += comparison.count
    print("operations: " + ", ".join("%s %d" % item for item in sorted(stats.items())))
    print("%d operations on %d images, %d differences" % (done, len(images), different))
    return different != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4], int(sys.argv[4]), sys.argv[5:]))
