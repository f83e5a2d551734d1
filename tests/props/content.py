# SPDX-License-Identifier: GPL-2.0-or-later
"""A file's bytes, as they are read or as they should be: its size, and the chunks that are not all zero."""

CHUNK = 4096
ZERO = bytes(CHUNK)


class Content:
    def __init__(self, size=0, chunks=None):
        self.size, self.chunks = size, chunks if chunks is not None else {}

    def copy(self):
        return Content(self.size, dict(self.chunks))

    # -- what operations do to it ------------------------------------------------------------------

    def truncate(self, size):
        if size < self.size:
            self.wipe(size, self.size)
        self.size = size

    def write(self, off, data):
        self.size = max(self.size, off + len(data))
        self.put(off, data)

    def zero(self, off, end, keep):
        """The bytes below EOF; without KEEP the size grows."""
        self.wipe(off, min(end, self.size))
        if not keep:
            self.size = max(self.size, end)

    def collapse(self, off, length):
        self.move(off, off + length, -length)
        self.size -= length

    def insert(self, off, length):
        self.move(off, off, length)
        self.size += length

    # -- pieces ------------------------------------------------------------------------------------

    def put(self, off, data):
        """DATA at OFF, size or not."""
        at = 0
        while at < len(data):
            n, inside = divmod(off + at, CHUNK)
            piece = data[at:at + CHUNK - inside]
            old = self.chunks.get(n, ZERO)
            self.keep(n, old[:inside] + piece + old[inside + len(piece):])
            at += len(piece)

    def keep(self, n, chunk):
        if chunk == ZERO:
            self.chunks.pop(n, None)
        else:
            self.chunks[n] = chunk

    def wipe(self, off, end):
        if off >= end:
            return
        first, last = off // CHUNK, (end - 1) // CHUNK
        for n in [n for n in self.chunks if first <= n <= last]:
            old, start = self.chunks[n], n * CHUNK
            head, tail = max(off - start, 0), min(end - start, CHUNK)
            self.keep(n, old[:head] + bytes(tail - head) + old[tail:])

    def move(self, lost, start, by):
        """What follows START goes BY bytes further; what lies in [LOST, START) is gone."""
        old, self.chunks = self.chunks, {}
        for n in sorted(old):
            for off, data in split(n * CHUNK, old[n], lost, start):
                if off < lost:
                    self.put(off, data)
                elif off >= start:
                    self.put(off + by, data)

    # -- looking at it -----------------------------------------------------------------------------

    def difference(self, other):
        """Where the two differ, as a sentence; None: nowhere."""
        if self.size != other.size:
            return "size %d, not %d" % (self.size, other.size)
        for n in sorted(set(self.chunks) | set(other.chunks)):
            ours, theirs = self.chunks.get(n, ZERO), other.chunks.get(n, ZERO)
            if ours != theirs:
                i = next(i for i in range(CHUNK) if ours[i] != theirs[i])
                return "byte %d is 0x%02x, not 0x%02x" % (n * CHUNK + i, ours[i], theirs[i])
        return None


def split(off, data, *places):
    """(offset, bytes) of DATA at OFF, cut at PLACES."""
    for place in sorted(set(places)):
        if off < place < off + len(data):
            yield off, data[:place - off]
            off, data = place, data[place - off:]
    yield off, data
