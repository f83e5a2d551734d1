# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile images, made of a sound one.
#
#   hostile.py kinds                      prints the kinds of qcow2 images that must be refused, also for reading
#   hostile.py qcow2 KIND IMAGE OUT       OUT is of one of these kinds, or of COUNTS
#   hostile.py flip SEED COUNT IMAGE OUT  changes COUNT bytes of the headers and tables of an image of any format
import random
import struct
import sys

END = 1 << 50


class Qcow2:
    def __init__(self, raw):
        self.raw = raw
        self.bits = self.get32(20)
        self.l1 = self.get64(40)
        self.l2 = self.get64(self.l1) & 0x00FFFFFFFFFFFE00

    def get32(self, at):
        return struct.unpack_from('>I', self.raw, at)[0]

    def get64(self, at):
        return struct.unpack_from('>Q', self.raw, at)[0]

    def put32(self, at, n):
        struct.pack_into('>I', self.raw, at, n)

    def put64(self, at, n):
        struct.pack_into('>Q', self.raw, at, n)

    def data_entry(self):
        at = self.l2
        while not self.get64(at):
            at += 8
        return at

    def counts(self, n):
        """Each cluster but the first eight has N users."""
        block = self.get64(self.get64(48))
        for i in range(8, len(self.raw) >> self.bits):
            struct.pack_into('>H', self.raw, block + 2 * i, n)

    def backing(self, name):
        at = 1024
        self.raw[at:at + len(name)] = name
        self.put64(8, at)
        self.put32(16, len(name))

    def extension(self, kind, length, text=b''):
        at = self.get32(100)
        self.put32(at, kind)
        self.put32(at + 4, length)
        self.raw[at + 8:at + 8 + len(text)] = text


KINDS = {
    'huge-l1': lambda q: q.put32(36, 0xFFFFFFFF),
    'many-l1': lambda q: (q.put32(36, 4 << 20), q.put64(24, 1 << 61)),
    'small-l1': lambda q: q.put32(36, 0),
    'l1-far': lambda q: q.put64(40, END),
    'l1-odd': lambda q: q.put64(40, q.l1 + 8),
    'l1-itself': lambda q: q.put64(q.l1, q.l1 | 1 << 63),
    'l2-far': lambda q: q.put64(q.l1, END | 1 << 63),
    'l2-is-header': lambda q: q.put64(q.l1, 512 | 1 << 63),
    'data-far': lambda q: q.put64(q.data_entry(), END | 1 << 63),
    'data-odd': lambda q: q.put64(q.data_entry(), q.get64(q.data_entry()) + 512),
    'data-is-l2': lambda q: [q.put64(q.l2 + i * 8, q.l2 | 1 << 63) for i in range(16)],
    'compressed-far': lambda q: q.put64(q.data_entry(), 1 << 62 | 1 << 50),
    'compressed-garbage': lambda q: q.put64(q.data_entry(), 1 << 62 | 3 << 54 | q.l2),
    'size-0': lambda q: q.put64(24, 0),
    'size-odd': lambda q: q.put64(24, q.get64(24) - 511),
    'size-huge': lambda q: q.put64(24, 1 << 63),
    'size-most': lambda q: q.put64(24, (1 << 64) - 1),
    'clusters-1': lambda q: q.put32(20, 0),
    'clusters-huge': lambda q: q.put32(20, 63),
    'counts-far': lambda q: q.put64(48, END),
    'counts-huge': lambda q: q.put32(56, 0xFFFFFFFF),
    'counts-block-far': lambda q: q.put64(q.get64(48), END),
    'crypt-9': lambda q: q.put32(32, 9),
    'snapshots-huge': lambda q: q.put32(60, 0xFFFFFFFF),
    'snapshots-far': lambda q: (q.put32(60, 3), q.put64(64, END)),
    'unknown-feature': lambda q: q.put64(72, 1 << 60),
    'corrupt-bit': lambda q: q.put64(72, 2),
    'short-header': lambda q: q.put32(100, 8),
    'long-header': lambda q: q.put32(100, 0xFFFFFFF0),
    'extension-long': lambda q: q.extension(0x6803F857, 0xFFFFFFF0),
    'bitmaps-far': lambda q: (q.extension(0x23852875, 24, struct.pack('>IIQQ', 3, 0, 1 << 20, END)), q.put64(88, 1)),
    'count-order': lambda q: q.put32(96, 60),
    'backing-shadow': lambda q: q.backing(b'/etc/shadow'),
    'backing-json': lambda q: q.backing(b'json:{"driver":"file","filename":"/etc/shadow"}'),
    'backing-nbd': lambda q: q.backing(b'nbd:127.0.0.1:9'),
    'backing-itself': lambda q: q.backing(b'image.img'),
    'backing-control': lambda q: q.backing(b'a\x1b[31m\nb'),
    'backing-long': lambda q: (q.backing(b'x'), q.put32(16, 0xFFFFFFFF)),
    'backing-far': lambda q: (q.put64(8, END), q.put32(16, 8)),
    'data-file': lambda q: (q.put64(72, 4), q.extension(0x44415441, 11, b'/etc/shadow')),
}


# refused for writing only
COUNTS = {
    'counts-0': lambda q: q.counts(0),
    'counts-1': lambda q: q.counts(1),
}


def flip(seed, count, image, out):
    rng = random.Random(int(seed))
    raw = bytearray(open(image, 'rb').read())
    # the first bytes of sectors that do not begin with zeros: headers, tables, and some data
    places = [i for start in range(0, min(len(raw), 4 << 20), 512) if any(raw[start:start + 16])
              for i in range(start, min(start + 96, len(raw)))]
    head = [i for i in range(min(512, len(raw))) if raw[i] or i < 112]
    for _ in range(int(count)):
        at = rng.choice(head if rng.random() < 0.5 else places)
        raw[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, raw[at] ^ 1 << rng.randrange(8)])
    open(out, 'wb').write(raw)


def qcow2(kind, image, out):
    q = Qcow2(bytearray(open(image, 'rb').read()))
    (KINDS | COUNTS)[kind](q)
    open(out, 'wb').write(q.raw)


def kinds():
    print(*KINDS, sep='\n')


{'qcow2': qcow2, 'flip': flip, 'kinds': kinds}[sys.argv[1]](*sys.argv[2:])
