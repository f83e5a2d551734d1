# SPDX-License-Identifier: GPL-2.0-or-later
"""Random operations on a file: chosen, spelled for e4zero, done to a model, and judged beforehand."""

from dataclasses import dataclass

GROWING = ("zero-range", "allocate", "write-zeroes")  # unless keep-size is given
EXTENTS = ("zero-range", "allocate", "collapse-range", "insert-range")
KEEPING = ("punch-hole", "zero")  # whatever the range
SHIFTS = ("collapse-range", "insert-range")


@dataclass
class Op:
    verb: str
    off: int  # of truncate: the size
    len: int = 0
    keep: bool = False
    data: bytes = b""

    @property
    def end(self):
        return self.off + self.len

    def words(self, name, host=None):
        """A line of a script; HOST is the file that holds the data."""
        words = [self.verb, name, str(self.off)]
        if self.verb == "write":
            words.append("from=" + host)
        elif self.verb != "truncate":
            words.append(str(self.len))
        return words + ["keep-size"] * self.keep

    def arguments(self):
        """The same as options; what is written comes from standard input."""
        if self.verb == "truncate":
            return ["--truncate", str(self.off)]
        words = ["--" + self.verb, "-o", str(self.off)]
        if self.verb != "write":
            words += ["-l", str(self.len)]
        return words + ["--keep-size"] * self.keep

    def apply(self, model):
        """What becomes of a Content."""
        if self.verb == "truncate":
            model.truncate(self.off)
        elif self.verb == "write":
            model.write(self.off, self.data)
        elif self.verb == "collapse-range":
            model.collapse(self.off, self.len)
        elif self.verb == "insert-range":
            model.insert(self.off, self.len)
        elif self.verb == "allocate":
            model.zero(self.end, self.end, self.keep)
        else:
            model.zero(self.off, self.end, self.keep or self.verb in KEEPING)

    def grows(self, size):
        if self.verb in ("truncate", "insert-range"):
            return self.verb != "truncate" or self.off > size
        return self.verb not in KEEPING and not self.keep and self.end > size

    def __str__(self):
        return " ".join(self.words("", "%d bytes" % self.len)).replace("  ", " ")


def wrong(op, size, unit, extents, limit):
    """Why OP must be refused on a file of SIZE (what the kernel returns), or None."""
    if op.verb == "truncate":
        return "EFBIG" if op.off > max(limit, size) else None
    if op.verb == "zero":
        return None  # it ends with the file
    if op.end > limit:
        return "EFBIG"
    if op.verb in EXTENTS and not extents:
        return "EOPNOTSUPP"
    if op.verb in SHIFTS and (op.off % unit or op.len % unit):
        return "EINVAL"
    if op.verb == "collapse-range" and op.end >= size:
        return "EINVAL"
    if op.verb == "insert-range" and op.off >= size:
        return "EINVAL"
    if op.verb == "insert-range" and size + op.len > limit:
        return "EFBIG"
    return None


class Chooser:
    """BS: block size; UNIT: what collapse and insert must be multiples of; REACH: how far offsets go."""

    def __init__(self, rng, bs, unit, reach):
        self.rng, self.bs, self.unit, self.reach = rng, bs, unit, reach

    def place(self, most, edges=()):
        """An offset up to MOST: whole blocks, pages and clusters, edges, next to them, anything."""
        rng, bs = self.rng, self.bs
        dice = rng.random()
        if edges and dice < 0.4:
            at = rng.choice(edges)
        elif dice < 0.8:
            step = rng.choice((bs, bs, 4096, self.unit))
            at = rng.randrange(most // step + 1) * step
        else:
            at = rng.randrange(most + 1)
        if rng.random() < 0.4:
            at += rng.choice((-1, 1, 7, -bs // 2, bs - 1))
        return max(0, min(at, most))

    def verbs(self, extents):
        verbs = ["truncate", "punch-hole", "punch-hole", "write", "write", "write", "zero", "write-zeroes"]
        return verbs + ["zero-range", *EXTENTS] if extents else verbs

    def range(self, size, edges):
        """(offset, length) of something near what there is."""
        off = self.place(max(self.reach, size) if self.rng.random() < 0.8 else size, edges)
        if self.rng.random() < 0.3:
            end = self.place(max(self.reach, size), (*edges, size))
            if off != end:
                return min(off, end), abs(end - off)
        return off, max(1, self.place(self.rng.choice((2, 6, 6, 30)) * self.bs))

    def shift(self, op, size):
        """A range that may be taken out, or opened."""
        unit = self.unit
        op.off, op.len = op.off // unit * unit, max(unit, op.len // unit * unit)
        last = (size - 1) // unit * unit if size else 0
        if op.verb == "insert-range":
            op.off = min(op.off, last)
        elif op.end >= size and last >= unit:
            op.len = min(op.len, last)
            op.off = min(op.off, last - op.len)

    def op(self, size, extents, edges=(), verb=None):
        """An operation on a file of SIZE, mostly one that is allowed. EDGES: where its pieces end."""
        rng = self.rng
        verb = verb or rng.choice(self.verbs(extents))
        if verb == "truncate":
            most = rng.choice((size, size + 6 * self.bs, self.reach))
            return Op(verb, self.place(max(most, 0), (*edges, size)))
        off, length = self.range(size, edges)
        op = Op(verb, off, length)
        if verb in SHIFTS:
            self.shift(op, size)
        elif verb in ("zero-range", "allocate"):
            op.keep = rng.random() < 0.35
        elif verb == "write":
            op.len = min(op.len, 40 * self.bs)
            op.data = rng.randbytes(op.len).replace(b"\0", b"\x5A")
        return op

    def wrong_op(self, size, extents, limit):
        """An operation that must be refused."""
        while True:
            verb = self.rng.choice(EXTENTS if not extents else (*SHIFTS, *SHIFTS, "any"))
            if verb == "any":
                op = self.op(size, extents)
                verb = op.verb
                # a write that begins below the limit goes as far as it can
                op.off = limit + self.rng.randrange(1, self.bs) - (op.len if verb != "write" else 0)
            else:
                op = self.op(size, extents, verb=verb)
                if verb in SHIFTS:
                    op.off, op.len = self.range(size, (size,))
            if wrong(op, size, self.unit, extents, limit):
                return op
