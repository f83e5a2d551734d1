# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of every layout, and sizes to truncate them to."""

import errno
import os

from mounted import fallocate

KEEP_SIZE, PUNCH_HOLE = 1, 2
TOP = 2 ** 63 - 1


def junk(rng, length):
    """Bytes none of which is zero, so that no stale one can hide."""
    return rng.randbytes(length).replace(b"\0", b"\x5A")


class Maker:
    """Makes the files of one file system; BS is the block size."""

    def __init__(self, rng, bs, config):
        self.rng, self.bs, self.inline = rng, bs, "inline_data" in config
        self.small = "full" in config
        self.leaf = (bs - 12) // 12

    def pieces(self, fd, count, step, length, unwritten=0.0):
        """COUNT pieces of LENGTH blocks, one every STEP blocks."""
        for i in range(count):
            off = i * step * self.bs
            if unwritten and self.rng.random() < unwritten:
                if fallocate(fd, 0, off, length * self.bs):
                    continue
            os.pwrite(fd, junk(self.rng, length * self.bs), off)

    def empty(self, fd):
        os.ftruncate(fd, self.rng.choice((0, 1, self.bs, self.rng.randrange(100 * self.bs))))

    def tiny(self, fd):
        os.pwrite(fd, junk(self.rng, self.rng.randrange(1, self.bs + 2)), 0)

    def plain(self, fd):
        os.pwrite(fd, junk(self.rng, self.rng.randrange(1, 40 * self.bs)), 0)

    def sparse(self, fd):
        for _ in range(self.rng.randrange(1, 12)):
            os.pwrite(fd, junk(self.rng, self.rng.randrange(1, 5 * self.bs)),
                      self.rng.randrange(200 * self.bs))

    def unwritten(self, fd):
        fallocate(fd, 0, self.rng.randrange(4) * self.bs, self.rng.randrange(1, 60 * self.bs))
        for _ in range(self.rng.randrange(4)):
            os.pwrite(fd, junk(self.rng, self.rng.randrange(1, 3 * self.bs)),
                      self.rng.randrange(60 * self.bs))

    def kept(self, fd):
        self.plain(fd)
        size = os.fstat(fd).st_size
        fallocate(fd, KEEP_SIZE, size + self.rng.randrange(4 * self.bs),
                  self.rng.randrange(1, 30 * self.bs))

    def punched(self, fd):
        self.plain(fd)
        for _ in range(self.rng.randrange(1, 5)):
            fallocate(fd, PUNCH_HOLE | KEEP_SIZE, self.rng.randrange(40 * self.bs),
                      self.rng.randrange(1, 6 * self.bs))

    def fragmented(self, fd):
        self.pieces(fd, self.rng.randrange(5, self.leaf * 2), self.rng.randrange(2, 5), 1,
                    self.rng.choice((0, 0.5)))

    def deep(self, fd):
        self.pieces(fd, 4 * self.leaf + self.rng.randrange(1, self.leaf), 2, 1,
                    self.rng.choice((0, 0, 0.9)))

    def large(self, fd):
        """Here and there, at the indirect levels' ends and beyond 2 GiB."""
        n, ends = self.bs // 4, []
        for block in (12, 12 + n, 12 + n + n * n, 2 ** 31 // self.bs, 2 ** 32 // self.bs):
            ends.append(block * self.bs)
        for end in self.rng.sample(ends, 3):
            length = self.rng.randrange(1, 3 * self.bs)
            try:
                os.pwrite(fd, junk(self.rng, length), end - self.rng.randrange(length + 1))
            except OSError as err:
                if err.errno != errno.EFBIG:
                    raise

    def inside(self, fd):
        """Small enough for the inode, perhaps next to attributes."""
        for i in range(self.rng.choice((0, 0, 1, 2))):
            try:
                os.setxattr(fd, "user.%s%d" % ("n" * self.rng.randrange(1, 9), i),
                            self.rng.randbytes(self.rng.randrange(0, 40)))
            except OSError as err:
                if err.errno not in (errno.ENOSPC, errno.EOPNOTSUPP):
                    raise
        os.pwrite(fd, junk(self.rng, self.rng.randrange(0, 180)), 0)
        if self.rng.random() < 0.2:
            os.ftruncate(fd, self.rng.randrange(0, 180))

    def make(self, path):
        kinds = [self.empty, self.tiny, self.plain, self.plain, self.sparse, self.unwritten,
                 self.kept, self.kept, self.punched, self.fragmented]
        if not self.small:
            kinds += [self.fragmented, self.large]
            if self.rng.random() < 0.3:
                kinds += [self.deep]
        if self.inline:
            kinds += [self.inside] * len(kinds) * 2
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self.rng.choice(kinds)(fd)
        except OSError as err:
            if err.errno != errno.ENOSPC:  # a file may end where the space does
                raise
        finally:
            os.close(fd)


def fill_up(where, spare, bs):
    """Leave only SPARE blocks free."""
    fd = os.open(os.path.join(where, "filler"), os.O_RDWR | os.O_CREAT, 0o644)
    step, at = 256, 0
    while step:
        try:
            if not fallocate(fd, 0, at, step * bs):
                os.pwrite(fd, b"\xA6" * (step * bs), at)
                os.fsync(fd)  # what is held back when there is no space left is never written
            at = max(at + step * bs, os.fstat(fd).st_size)
        except OSError as err:
            if err.errno != errno.ENOSPC:
                raise
            step //= 2
    os.ftruncate(fd, max(at - spare * bs, 0))
    os.close(fd)


def limit_of(path):
    """The largest size that the kernel gives a new file."""
    low, high = 0, TOP
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    while low < high:
        size = (low + high + 1) // 2
        try:
            os.ftruncate(fd, size)
            low = size
        except OSError as err:
            if err.errno != errno.EFBIG:
                raise
            high = size - 1
    os.close(fd)
    os.unlink(path)
    return low


def target(rng, size, look, bs, limit, inline):
    """A size that is likely to lie on some edge."""
    dice = rng.random()
    edges = [0, 1, size, size, size - size % bs, size - size % bs + bs]
    for off, _, length, _ in rng.sample(look.pieces, min(3, len(look.pieces))):
        edges += [off, off + length, off + rng.randrange(length)]
    if dice < 0.55:
        base = rng.choice(edges)
    elif dice < 0.8:
        base = rng.randrange(min(size, 2000 * bs) + 1)
    elif dice < 0.92 or rng.random() < 0.5:
        base = size + rng.randrange(20 * bs)
    else:
        base = rng.choice((2 ** 31, 2 ** 32, limit, limit + 1, limit - bs, limit // 2,
                           rng.randrange(limit), (12 + bs // 4) * bs,
                           (12 + bs // 4 + (bs // 4) ** 2) * bs, TOP))
    if inline and rng.random() < 0.6:
        base = rng.choice((0, 1, 59, 60, 61, 100, 119, 120, 132, 133, 156, 160, 161, 200,
                           rng.randrange(400), bs, look.size))
    return min(max(base + rng.choice((0, 0, 0, -1, 1)), 0), TOP)
