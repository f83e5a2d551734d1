#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the witness against debugfs and against what was planted.

usage: ground.py IMAGE LIST HOW

LIST is what mkimg.sh says must be found; HOW is its word in the table: `full` (every finding is in
LIST), `rest` (unreadable ones are not), `well` (damaged: what LIST says of inodes that are
unreadable now does not count). On images that are not damaged also:
the blocks of every inode against `debugfs blocks`, every path against `debugfs stat`, and the
blocks in use, static ones included, against the superblock's count of free ones.
"""

import json
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import imgfmt                # noqa: E402
from witness import Witness  # noqa: E402

FIELDS = ("kind", "ino", "size", "lblk", "pblk", "blocks", "first", "last", "nonzero", "e2fsck",
          "fixable")
INLINE = ("kind", "path", "size", "first", "last", "nonzero")


def debugfs(image, commands):
    """The answers to these commands, one string each."""
    script = b"".join(c + b"\n" for c in commands)
    out = subprocess.run(["debugfs", "-f", "-", image], input=script, capture_output=True,
                         check=True).stdout
    parts = re.split(rb"(?m)^debugfs: ", out)[1:]
    return [part.partition(b"\n")[2].decode("latin-1") for part in parts]


def key(finding):
    fields = INLINE if finding["kind"] == "inline-slack" else FIELDS
    return json.dumps({k: finding.get(k) for k in fields})


def planted(witness, path, how):
    """The list by inode, and the inline ones by path; both ways."""
    with open(path, encoding="ascii") as lines:
        listed = [json.loads(line) for line in lines]
    sick = {f["ino"] for f in witness.findings if f["kind"] == "unreadable"}
    found = [f for f in witness.findings if how == "full" or f["kind"] != "unreadable"]
    if how == "well":
        listed = [f for f in listed if f["ino"] not in sick]
    left = [key(f) for f in found]
    for f in listed:
        if key(f) in left:
            left.remove(key(f))
        else:
            yield "planted, not found: " + key(f)
    for line in left:
        yield "found, not planted: " + line


def mappings(image, witness):
    inodes = [i for i in witness.inodes.values() if i.has_map()]
    answers = debugfs(image, [b"blocks <%d>" % i.ino for i in inodes])
    for inode, answer in zip(inodes, answers):
        theirs = sorted(map(int, answer.split()))
        mine = sorted(b for _, p, c, _ in inode.runs for b in range(p, p + c)) + inode.tree
        mine += [inode.translator] if inode.translator else []
        if sorted(mine) != theirs:
            yield "inode %d: debugfs sees other blocks" % inode.ino


def paths(image, witness):
    named = [f for f in witness.findings if f.get("path") or "path_hex" in f]
    names = [f["path"].encode() if f.get("path") else bytes.fromhex(f["path_hex"]) for f in named]
    answers = debugfs(image, [b'stat "%s"' % n for n in names])
    for f, name, answer in zip(named, names, answers):
        if not answer.startswith("Inode: %d " % f["ino"]):
            yield "inode %d: debugfs finds something else at %r" % (f["ino"], name)
        # imgtree.py's file with three names: /d0/third has the lowest directory
        if name in (b"/names/linked", b"/names/second"):
            yield "inode %d: %r is not its lowest name" % (f["ino"], name)


def usage(image, witness):
    fs = witness.fs
    used = set()
    for start, end in zip(fs.static_starts, fs.static_ends):
        used.update(range(start, end))
    for inode in witness.inodes.values():
        used.update(b for _, p, c, _ in inode.runs for b in range(p, p + c))
        used.update(inode.tree)
        used.update([inode.acl] if inode.acl else [])
        used.update([inode.translator] if inode.translator else [])
    resize, stats = debugfs(image, [b"blocks <7>", b"stats -h"])
    used.update(int(b) for b in resize.split() if int(b))
    clusters = {b // fs.ratio for b in used}
    if fs.ratio > 1 and fs.bs == 1024:
        clusters.add(0)
    free = int(re.search(r"^Free blocks:\s+(\d+)", stats, re.M).group(1))
    if (fs.blocks - fs.first_data) - free != len(clusters) * fs.ratio:
        yield "%d blocks in use, the superblock says %d" % (
            len(clusters) * fs.ratio, fs.blocks - fs.first_data - free)


def main():
    image, listed, how = sys.argv[1:4]
    witness = Witness(imgfmt.Image(image), paranoid=True)
    witness.run()
    faults = list(planted(witness, listed, how))
    if how in ("full", "rest"):
        faults += mappings(image, witness)
        faults += paths(image, witness)
        faults += usage(image, witness)
    print("\n".join(faults[:10]) if faults else "%d findings, %d inodes mapped" % (
        len(witness.findings), len([i for i in witness.inodes.values() if i.has_map()])))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
