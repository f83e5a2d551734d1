#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns traces of the program into the table that paths.pml reads, and adds broken variants of them.

usage: paths.py trace NAME IMAGE-BEFORE TRACE [JOURNAL-DEVICE] >FILE     one trace as operations on blocks
       paths.py table FILE... >traces.h                                  all of them, and up to 60 broken variants of each
       paths.py judge traces.h OUTPUT-OF-PAN                             are all traces paths, and no broken variant?

A write is translated by its location, which must be that of its kind. A block of the log becomes its number from the start
of the log. Blocks written to their final locations are numbered in the order of the trace, so any order between two
barriers is accepted.
"""

import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../golden"))
import symbolic  # noqa: E402

SUPER_AT, SUPER_SIZE, SECTOR = 1024, 1024, 512
KINDS = ["END", "FLUSH", "SUPER", "LOG_SUPER", "LOG", "COMMIT", "HOME", "INODE", "HOME_SUPER", "DATA", "PLACE"]
HOMES = ("HOME", "INODE", "HOME_SUPER")
LINES_MAX = 32767  # a short of the model
CSUM_V2, CSUM_V3, WIDE = 8, 16, 2
METADATA_CSUM = 0x400


class Log:
    """The location of the log, and the number of tags in a descriptor."""

    def __init__(self, image, places, journal):
        bs = image.bs
        self.external = journal is not None
        self.bs = bs
        if self.external:
            self.first = 2 if bs == 1024 else 1
            with open(journal, "rb") as f:
                f.seek(self.first * bs)
                raw = f.read(1024)
        elif places.log:
            self.number = places.log
            first = min(self.number, key=self.number.get)
            with open(image.path, "rb") as f:
                f.seek(first * bs)
                raw = f.read(1024)
        else:
            self.number, self.tags = {}, 1
            return
        incompat = int.from_bytes(raw[40:44], "big") if raw[7] == 4 else 0
        tag = 16 if incompat & CSUM_V3 else 8 + (2 if incompat & CSUM_V2 else 0) + (4 if incompat & WIDE else 0)
        self.tags = (bs - 12 - 16 - (4 if incompat & (CSUM_V2 | CSUM_V3) else 0)) // tag
        self.start = int.from_bytes(raw[20:24], "big")

    def where(self, block):
        """The number of disk block BLOCK in the log, 0 for the log's superblock; None: not in the log."""
        return block - self.first if self.external else self.number.get(block)


def refuse(line, why):
    sys.exit("paths.py: %s: %s" % (why, line.rstrip()))


def translate(name, path, trace, journal):
    places = symbolic.Places(path, [])
    image = places.fs
    image.path = path
    log = Log(image, places, journal)
    bs = image.bs
    homes = {}
    print("name", name, "bare" if not log.external and not places.log else "external" if log.external else "internal", log.tags, int(bool(int.from_bytes(image.sb[0x64:0x68], "little") & METADATA_CSUM)))
    for line in open(trace):
        m = re.fullmatch(r"(journal )?(write|zero|flush)(?: (\d+) (\d+))?  # (.*)\n", line)
        if not m:
            refuse(line, "not a line of a trace")
        on_journal, op, off, length, what = m.groups()
        if bool(on_journal) and not log.external:
            refuse(line, "there is no such device")
        if op == "flush":
            homes = {}
            print("FLUSH", int(bool(on_journal)))
            continue
        off, length = int(off), int(length)
        blocks = range(off // bs, (off + length - 1) // bs + 1)
        in_log = bool(on_journal) if log.external else all(b in places.log for b in blocks)
        if what in ("log", "commit", "log-super"):
            if not in_log or log.where(blocks[0]) is None:
                refuse(line, "not in the log")
            at = [log.where(b) for b in blocks]
            if (at[0] == 0) != (what == "log-super") or at != list(range(at[0], at[0] + len(at))):
                refuse(line, "not there in the log")
            if what == "log-super":
                print("LOG_SUPER", length)
                continue
            for k in at:
                print(what.upper(), k - 1)
        elif what == "super":
            if off <= SUPER_AT and off + length >= SUPER_AT + SUPER_SIZE:
                print("SUPER", SUPER_SIZE)
            elif off == SUPER_AT and length == SECTOR:
                print("SUPER", SECTOR)
            else:
                refuse(line, "not the superblock")
        elif what == "home":
            if in_log or off % bs or length % bs:
                refuse(line, "not blocks that go home")
            for b in blocks:
                kind = "HOME_SUPER" if b == SUPER_AT // bs else "INODE" if places.names.get(b, "").startswith("inode-table") else "HOME"
                print(kind, homes.setdefault(b, len(homes)))
        elif what == "data":
            if in_log or off < SUPER_AT + SUPER_SIZE:
                refuse(line, "data in the log or over the superblock")
            print("DATA 0")
        else:
            print("PLACE 0")


def broken(ops, bare, most):
    """Copies of OPS, each with a barrier or a write missing, or two operations swapped across a barrier.

    Without a journal, writes to final locations are not left out: the trace does not tell their number.
    """
    out = []
    for i, (kind, _) in enumerate(ops):
        before = ops[i - 1][0] if i else None
        after = ops[i + 1][0] if i + 1 < len(ops) else None
        if kind == "FLUSH":
            # a barrier between two groups of invisible data, or of unused blocks, is optional in the model
            if not (before == "DATA" and after in ("DATA", "SUPER")) and not before == after == "PLACE":
                out.append(("no barrier %d" % i, ops[:i] + ops[i + 1:]))
            if before != after and after is not None and before is not None and "FLUSH" not in (before, after):
                out.append(("swap %d" % i, ops[:i - 1] + [ops[i + 1], ops[i], ops[i - 1]] + ops[i + 2:]))
        elif kind not in ("DATA", "PLACE") and not (bare and kind in HOMES):
            out.append(("no write %d" % i, ops[:i] + ops[i + 1:]))
    return out if len(out) <= most else random.Random(1).sample(out, most)


def with_homes(ops):
    """Each of OPS with the number of home blocks of its group from here on, and of the next group that has some."""
    here, ahead, rows = 0, 0, []
    for op, arg in reversed(ops):
        here = here + 1 if op in HOMES else 0
        ahead = here or ahead
        rows.append((op, arg, here, ahead))
    return reversed(rows)


def table(files):
    names, paths, sound = [], [], []
    for file in files:
        lines = [line.split() for line in open(file)]
        _, name, kind, tags, has_sum = lines[0]
        ops = [(op, int(arg)) for op, arg in lines[1:]]
        paths.append((name, kind, int(tags), int(has_sum), ops))
        sound.append(True)
        for how, other in broken(ops, kind == "bare", 60):
            paths.append((name + ": " + how, kind, int(tags), int(has_sum), other))
            sound.append(False)
    for i, kind in enumerate(KINDS):
        print("#define OP_%s %d" % (kind, i))
    print("#define PATHS", len(paths))
    print("struct op { unsigned char kind; short arg, here, ahead; };\nstatic const struct op ops[] = {")
    starts, count = [], 0
    for name, *_, ops in paths:
        if len(ops) > LINES_MAX or max((arg for _, arg in ops), default=0) > LINES_MAX:
            sys.exit("%s: too long for the model, or a block number is too large" % name)
        starts.append(count)
        count += len(ops) + 1
        print("".join("{OP_%s,%d,%d,%d}," % row for row in with_homes(ops)) + "{OP_END,0,0,0},")
    print("};\nstatic const struct { char bare, external, sum; short tags; int start; } paths[] = {")
    for (name, kind, tags, has_sum, _), ok, start in zip(paths, sound, starts):
        row = (kind == "bare", kind == "external", has_sum, tags, start)
        print("{%d,%d,%d,%d,%d}, // %s %s" % (row + ("sound" if ok else "broken", name)))
    print("};")


def judge(header, output):
    found = {int(line.split()[1]) for line in open(output) if line.startswith("path ")}
    rows = re.findall(r"^\{\d,\d,\d,\d+,\d+\}, // (sound|broken) (.*)$", open(header).read(), re.M)
    counts = {"sound": 0, "broken": 0}
    wrong = 0
    for n, (kind, name) in enumerate(rows):
        counts[kind] += 1
        if (n in found) != (kind == "sound"):
            wrong += 1
            print("%s: %s" % (name, "not a path of the model" if kind == "sound" else "it is broken, and a path of the model"))
    print("%d traces are paths of the model, %d broken ones are not; %d wrong" % (counts["sound"], counts["broken"], wrong))
    return 1 if wrong or not counts["sound"] or not counts["broken"] else 0


def main():
    verb, args = sys.argv[1], sys.argv[2:]
    if verb == "trace":
        translate(args[0], args[1], args[2], args[3] if len(args) > 3 else None)
    elif verb == "table":
        table(args)
    elif verb == "judge":
        sys.exit(judge(*args))


main()
