#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep a mounted file system's journal busy, then cut its power.

    work.py DIR KIND SEED ROUNDS NAMES     KIND: meta, revoke, data or fsync
    work.py DIR shutdown now|log           as a power cut; log: what is committed reaches the log

Every round ends with a commit of its own. What it does is decided by SEED alone. No file is left
open, so no orphan is left behind.
"""

import fcntl
import os
import random
import struct
import sys

EXT4_IOC_SHUTDOWN = 0x8004587D
FLAGS = {"log": 1, "now": 2}
MAGIC = struct.pack(">I", 0xC03B3998)


def commit(top):
    """Make the kernel commit what it has, without waiting for its timer."""
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)


def write(path, size, rng, magic):
    """A file whose blocks may begin with the journal's magic number, so that they are escaped."""
    block = bytearray(rng.randbytes(1024))
    if magic:
        block[:4] = MAGIC
    with open(path, "wb") as out:
        out.write(bytes(block) * (size // 1024) + bytes(block[: size % 1024]))
        if rng.random() < 0.3:
            out.flush()
            os.fsync(out.fileno())


def churn(top, rng, names, magic):
    """Create, overwrite, rename, link, truncate and unlink among NAMES names."""
    for _ in range(rng.randrange(20, 60)):
        path = os.path.join(top, "f%d" % rng.randrange(names))
        what = rng.randrange(6)
        if what < 2:
            write(path, rng.randrange(1, 60000), rng, magic)
        elif not os.path.exists(path):
            continue
        elif what == 2:
            os.truncate(path, rng.randrange(0, 80000))
        elif what == 3:
            os.unlink(path)
        elif what == 4:
            os.rename(path, os.path.join(top, "f%d" % rng.randrange(names)))
        else:
            os.utime(path)


def trees(top, rng, names, magic):
    """Directories are journaled; removed, their blocks used again for data, they are revoked."""
    for number in range(4):
        path = os.path.join(top, "d%d-%d" % (number, rng.randrange(1000)))
        os.mkdir(path)
        for i in range(rng.randrange(40, 120)):
            os.symlink("x" * rng.randrange(1, 200), os.path.join(path, "%s%d" % ("n" * 60, i)))
    commit(top)
    for entry in sorted(os.listdir(top)):
        path = os.path.join(top, entry)
        if entry.startswith("d") and rng.random() < 0.7:
            for name in os.listdir(path):
                os.unlink(os.path.join(path, name))
            os.rmdir(path)
    commit(top)
    for i in range(8):
        path = os.path.join(top, "r%d" % rng.randrange(names))
        write(path, rng.randrange(4096, 90000), rng, magic)


def fsyncs(top, rng, names, magic):
    """Many small fsyncs: fast commits, where the file system has them."""
    for i in range(rng.randrange(5, 15)):
        path = os.path.join(top, "s%d" % rng.randrange(names))
        with open(path, "ab") as out:
            out.write(rng.randbytes(rng.randrange(1, 5000)))
            out.flush()
            os.fsync(out.fileno())


KINDS = {"meta": [churn], "revoke": [churn, trees], "data": [churn, trees], "fsync": [fsyncs]}


def main(args):
    if args[1] == "shutdown":
        fd = os.open(args[0], os.O_RDONLY)
        fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", FLAGS[args[2]]))
        return
    top, kind, seed, rounds, names = args[0], args[1], int(args[2]), int(args[3]), int(args[4])
    rng = random.Random(seed)
    for _ in range(rounds):
        for step in KINDS[kind]:
            step(top, rng, names, kind == "data")
        if kind != "fsync":
            commit(top)


main(sys.argv[1:])
