#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns a trace of writes into one that reads: where each goes, by name, and that the name it gives itself is true.

usage: symbolic.py IMAGE-BEFORE TRACE [FILE...]

IMAGE-BEFORE is the image, with a clean log, before the edit; FILEs are the paths that it edits. Each line is the
operation, the place (super, descriptors, block-bitmap G, inode-bitmap G, inode-table G, journal-super, log A-B,
commit A, a FILE's data or tree, elsewhere) and what the trace says it is for. Runs of the same place in one group
become one line. A write that claims to be of the log and is not, or the other way round, is a failure.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../witness"))
import imgfmt  # noqa: E402

LOG = {"log", "commit", "log-super"}


def blocks(image, what):
    out = subprocess.run(["debugfs", "-R", "blocks " + what, image], capture_output=True, text=True).stdout
    return [int(word) for word in out.split()]


def log_blocks(image):
    """{block of the disk: its number in the log}: blocks of the journal's map are not in the log."""
    out = subprocess.run(["debugfs", "-R", "stat <8>", image], capture_output=True, text=True).stdout
    places = {}
    for first, last, start in re.findall(r"\((\d+)(?:-(\d+))?\):(\d+)", out):
        for n in range(int(first), int(last or first) + 1):
            places[int(start) + n - int(first)] = n
    return places


class Places:
    def __init__(self, path, files):
        self.fs = fs = imgfmt.Image(path)
        self.names = {}
        itable = -(-fs.ipg * fs.isize // fs.bs)
        for n, group in enumerate(fs.groups):
            self.names[group["bb"]] = "block-bitmap %d" % n
            self.names[group["ib"]] = "inode-bitmap %d" % n
            for b in range(group["it"], group["it"] + itable):
                self.names[b] = "inode-table %d" % n
        first = fs.super_block(0)
        for b in range(first + 1, first + 1 + fs.desc_blocks):
            self.names[b] = "descriptors"
        self.names[1024 // fs.bs] = "super"
        for name in files:
            for b in blocks(path, name):
                self.names[b] = name
        self.log = log_blocks(path) if fs.compat & 4 else {}

    def name(self, off, length, what):
        first, last = off // self.fs.bs, (off + length - 1) // self.fs.bs
        if first in self.log:
            a, b = self.log[first], self.log.get(last)
            if b is None or b - a != last - first:
                sys.exit("symbolic.py: a write leaves the log: %d+%d" % (off, length))
            if a == 0 and b == 0:
                return "journal-super"
            return "%s %d" % (what if what == "commit" else "log", a) + ("-%d" % b if b > a else "")
        if first == 0 and off + length <= 1024:
            return "boot"
        names = {self.names.get(b, "elsewhere") for b in range(first, last + 1)}
        return ", ".join(sorted(names))


def main():
    places = Places(sys.argv[1], sys.argv[3:])
    last = None
    for line in open(sys.argv[2]):
        m = re.fullmatch(r"(journal )?(write|zero|flush)(?: (\d+) (\d+))?  # (.*)\n", line)
        if not m:
            sys.exit("symbolic.py: not a line of a trace: " + line)
        device, op, off, length, what = m.groups()
        if op == "flush":
            said = "flush"
        elif device:
            said = "%s journal-device" % op
        else:
            where = places.name(int(off), int(length), what)
            in_log = where.split()[0] in ("log", "commit", "journal-super")
            if in_log != (what in LOG):
                sys.exit("symbolic.py: %s, but it is of %s: %s" % (what, where, line))
            whole = int(off) % places.fs.bs == 0 and int(length) % places.fs.bs == 0
            said = "%s %s%s" % (op, where, "" if whole else " (%d bytes)" % int(length))
        said = "%s%s  # %s" % (device or "", said, what)
        if said != last or op == "flush":
            print(said)
        last = said


if __name__ == "__main__":
    main()
