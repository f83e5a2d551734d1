# SPDX-License-Identifier: GPL-2.0-or-later
"""Who owns which byte of a file system: what is asked for first has it. And what of a place is stale."""

SPLIT = 255
CHUNK = 1 << 20


class Owners:
    """One class for each block, or for each byte of a block that several share."""

    def __init__(self, fs):
        self.bs, self.blocks = fs.bs, fs.blocks
        self.names, self.whole, self.parts = [None], bytearray(fs.blocks), {}

    def _number(self, name):
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def take(self, name, start, end):
        """The bytes [start, end) that nobody has yet."""
        number, bs = self._number(name), self.bs
        end = min(end, self.blocks * bs)
        while start < end:
            block, at = divmod(start, bs)
            if at or end - start < bs:
                stop = min(bs, at + end - start)
                self._part(number, block, at, stop)
                start = block * bs + stop
                continue
            count = (end - start) // bs
            if self.whole.count(0, block, block + count) == count:
                self.whole[block:block + count] = bytes((number,)) * count
            else:
                for n in range(block, block + count):
                    if self.whole[n] == 0:
                        self.whole[n] = number
                    elif self.whole[n] == SPLIT:
                        self._part(number, n, 0, bs)
            start += count * bs

    def _part(self, number, block, at, stop):
        if self.whole[block] not in (0, SPLIT):
            return
        self.whole[block] = SPLIT
        part = self.parts.setdefault(block, bytearray(self.bs))
        if part.count(0, at, stop) == stop - at:
            part[at:stop] = bytes((number,)) * (stop - at)
        else:
            part[at:stop] = bytes(was or number for was in part[at:stop])

    def blocks_of(self, name, start, count=1):
        self.take(name, start * self.bs, (start + count) * self.bs)

    def classes(self):
        """Bytes of each class; those of None nobody asked for."""
        out = {}
        for number, name in enumerate(self.names):
            size = self.whole.count(number) * self.bs + sum(p.count(number) for p in self.parts.values())
            if size:
                out[name] = size
        return out


def stale(data, start, fill=0):
    """first, last, nonzero of these bytes, which begin at `start`, where each should be `fill`."""
    nonzero, strip = len(data) - data.count(fill), bytes((fill,))
    if not nonzero:
        return {"first": None, "last": None, "nonzero": 0}
    return {"first": start + len(data) - len(data.lstrip(strip)),
            "last": start + len(data.rstrip(strip)) - 1, "nonzero": nonzero}


class Tally:
    """Stale bytes of several stretches, and the blocks that they are in."""

    def __init__(self, fs, fill=0):
        self.fs, self.fill = fs, fill
        self.first, self.last, self.nonzero, self.dirty = None, None, 0, set()

    def look(self, start, end):
        """The bytes [start, end) of the file system."""
        bs = self.fs.bs
        step = max(CHUNK // bs, 1) * bs
        while start < end:
            stop = min(end, start // bs * bs + step)
            low, high = start // bs, -(-stop // bs)
            data = self.fs.block(low, high - low)[start - low * bs:stop - low * bs]
            if data.count(self.fill) != len(data):
                self._note(data, start)
            start = stop

    def look_blocks(self, start, count=1):
        self.look(start * self.fs.bs, (start + count) * self.fs.bs)

    def _note(self, data, start):
        found, bs = stale(data, start, self.fill), self.fs.bs
        self.nonzero += found["nonzero"]
        self.first = found["first"] if self.first is None else min(self.first, found["first"])
        self.last = found["last"] if self.last is None else max(self.last, found["last"])
        for block in range(found["first"] // bs, found["last"] // bs + 1):
            low, high = max(block * bs, start), min((block + 1) * bs, start + len(data))
            piece = data[low - start:high - start]
            if piece.count(self.fill) != len(piece):
                self.dirty.add(block)

    def bytes(self):
        return {"first": self.first, "last": self.last, "nonzero": self.nonzero}

    def place(self):
        """The fields of a finding over the blocks with a stale byte."""
        return dict(self.bytes(), pblk=min(self.dirty) if self.dirty else None, blocks=len(self.dirty))
