# SPDX-License-Identifier: GPL-2.0-or-later
"""A device full of a canary that says where it was, secrets that are deleted later, and what is left of both."""

import mmap
import os
import re

CHUNK = 1 << 20
LIVE = str.maketrans("0123456789abcdef", "GHIJKLMNOPQRSTUV")  # nothing that the canary has
SECRET = re.compile(rb"sEcR|EcRe|cReT")
MOVED = re.compile(rb"cANAr|NArY:")


def word(off):
    """The 16 bytes of the canary at OFF, which is a multiple of 16; none of them is zero.

    As i_flags of an inode that was never in use they have no EA_INODE_FL: of thousands with it, one may have a right checksum.
    """
    return b"cANArY:%08x;" % (off >> 4)


def canary(off, length):
    first = off & -16
    words = b"".join(word(at) for at in range(first, off + length, 16))
    return words[off - first:off - first + length]


def fill(path, size):
    with open(path, "wb") as f:
        for off in range(0, size, CHUNK):
            f.write(canary(off, min(CHUNK, size - off)))


class Secrets:
    """Numbered words that are used for what is deleted; each says what it was."""

    def __init__(self):
        self.what = []

    def word(self, what):
        self.what.append(what)
        return "sEcReT%05d." % (len(self.what) - 1)

    def text(self, what, length):
        text = self.word(what)
        return (text * (length // len(text) + 1))[:length]

    def body(self, what, length):
        return self.text(what, length).encode()

    def explain(self, data):
        number = re.search(rb"sEcReT(\d{5})", data)
        return self.what[int(number[1])] if number and int(number[1]) < len(self.what) else "?"


def live(number, length=0):
    """Text of what stays, with no byte in common with the canary or a secret."""
    text = "KEPT-" + ("%04x" % number).translate(LIVE) + "-"
    return (text * (length // len(text) + 1))[:length] if length else text[:-1]


def at_home(piece, off):
    """[offset in PIECE, length]: runs of 4 bytes or more that are still the canary of OFF."""
    both = int.from_bytes(piece, "little") ^ int.from_bytes(canary(off, len(piece)), "little")
    same = both.to_bytes(len(piece), "little")
    return [(m.start(), m.end() - m.start()) for m in re.finditer(rb"\0{4,}", same)]


def masked(off, masks):
    return any(start <= off < end for start, end in masks)


def search(path, secrets, masks=()):
    """[(offset, what)] of canary and secrets in the file, but for what lies in MASKS, [(start, end)]; the first of them."""
    found, zeroes, last, size = [], bytes(4096), b"", os.path.getsize(path)
    with open(path, "rb") as f:
        for off in range(0, size, CHUNK):
            chunk = f.read(CHUNK)
            if chunk.count(0) == len(chunk):
                last = b""
                continue
            data, base = last + chunk, off - len(last)
            for m in SECRET.finditer(data):
                found.append((base + m.start(), "secret, " + secrets.explain(data[max(m.start() - 12, 0):m.end() + 16])))
            for m in MOVED.finditer(data):
                found.append((base + m.start(), "canary " + repr(data[max(m.start() - 6, 0):m.end() + 10])))
            for at in range(0, len(chunk), 4096):
                piece = chunk[at:at + 4096]
                if piece != zeroes[:len(piece)]:
                    found += [(off + at + i, "canary at home, %d bytes" % n) for i, n in at_home(piece, off + at)]
            last = chunk[-16:]
    return sorted({off: what for off, what in reversed(found) if not masked(off, masks)}.items())[:20]


def holds(path):
    """Is there any canary, and any secret?"""
    with open(path, "rb") as f:
        data = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        return MOVED.search(data) and SECRET.search(data)
