#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Crafts invalid images: craft.py DIR [CASE...] prints the name, expected exit status and arguments of each.

A case is a function below. `status` is that of e4zero, `args` its arguments beside the image. mke2fs makes the images
without checksums, so that the corruption itself is the only fault.
"""

import os
import random
import struct
import subprocess
import sys

CASES, BASES, SAME = {}, {}, ("-U", "6f1d3a52-88e4-4c0b-9b7a-51c2d4e8f9a3")  # order.py: no checksum has a zero byte
REG, DIR, LNK = 0x81A4, 0x41ED, 0xA1FF
EXTENTS, VERITY, ENCRYPT, INLINE = 0x80000, 0x100000, 0x800, 0x10000000


def case(status, args=""):
    def keep(function):
        CASES[function.__name__] = (function, status, args)
        return function
    return keep


def base(*key):
    """The bytes of an empty file system, made once."""
    if key not in BASES:
        size, bs, inodes, features, isize, options = key
        path = os.path.join(sys.argv[1], "base")
        with open(path, "wb") as f:
            f.truncate(size)
        env = dict(os.environ, MKE2FS_CONFIG="/dev/null", E2FSPROGS_FAKE_TIME="1700000000",
                   PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext2", "-b", str(bs), "-I", str(isize), "-N", str(inodes),
                        "-m", "0", *SAME, "-O", "none," + features, *options, path], check=True, env=env, capture_output=True)
        with open(path, "rb") as f:
            BASES[key] = f.read()
        os.unlink(path)
    return BASES[key]


class Image:
    """A file system that is changed in memory. Inodes from 12 on are free to be made up."""

    def __init__(self, size=4 << 20, bs=1024, inodes=256, features="filetype,extent", isize=128, options=()):
        self.bs, self.isize = bs, isize
        self.data = bytearray(base(size, bs, inodes, features, isize, options))
        self.blocks = self.get(1024 + 4)
        self.per_group = self.get(1024 + 0x28)
        self.inodes = self.get(1024)
        self.desc = (1024 // bs + 1) * bs
        self.next = self.blocks * 3 // 8

    def get(self, at, n=4):
        return int.from_bytes(self.data[at:at + n], "little")

    def put(self, at, value, n=4):
        self.data[at:at + n] = (value & (1 << 8 * n) - 1).to_bytes(n, "little")

    def sb(self, at, value, n=4):
        self.put(1024 + at, value, n)

    def slot(self, ino):
        group, index = divmod(ino - 1, self.per_group)
        return self.get(self.desc + 32 * group + 8) * self.bs + index * self.isize

    def inode(self, ino, mode=REG, size=0, flags=EXTENTS, i_block=b"", links=1):
        """Make INO an inode in use; i_block as words or bytes."""
        group, index = divmod(ino - 1, self.per_group)
        bitmap = self.get(self.desc + 32 * group + 4) * self.bs
        self.data[bitmap + index // 8] |= 1 << index % 8
        at = self.slot(ino)
        self.put(at, mode, 2)
        self.put(at + 4, size)
        self.put(at + 0x6C, size >> 32)
        self.put(at + 0x1A, links, 2)
        self.put(at + 0x20, flags)
        self.data[at + 0x28:at + 0x64] = i_block[:60].ljust(60, b"\0")
        return at

    def alloc(self, n=1):
        self.next += n
        return self.next - n

    def block(self, n, data):
        self.data[n * self.bs:n * self.bs + len(data)] = data
        return self

    def fill(self, start, count, byte=0xA5):
        self.data[start * self.bs:(start + count) * self.bs] = bytes([byte]) * (count * self.bs)

    def files(self, count, first=12):
        return range(first, min(first + count, self.inodes + 1))

    def directory(self, ino, entries, size=None, **more):
        block = self.alloc()
        self.block(block, names(self.bs, entries))
        self.inode(ino, DIR, size or self.bs, i_block=node([leaf(0, 1, block)]), links=2, **more)
        return block

    def root(self, entries):
        self.directory(2, [(2, b"."), (2, b"..")] + entries)


def node(entries, depth=0, magic=0xF30A, count=None, room=None, room_bytes=60):
    """An extent header and its entries, of an inode or (room_bytes) of a block."""
    count = len(entries) if count is None else count
    room = (room_bytes - 12) // 12 if room is None else room
    return struct.pack("<HHHHI", magic, count, room, depth, 0) + b"".join(entries)


def leaf(lblk, length, pblk):
    return struct.pack("<IHHI", lblk, length, pblk >> 32, pblk & 0xFFFFFFFF)


def index(lblk, pblk):
    return struct.pack("<IIHH", lblk, pblk & 0xFFFFFFFF, pblk >> 32, 0)


def pointers(direct=(), ind=0, dind=0, tind=0):
    return struct.pack("<15I", *(list(direct) + [0] * (12 - len(direct)) + [ind, dind, tind]))


def names(size, entries):
    """A directory block."""
    out = b""
    for i, (ino, name) in enumerate(entries):
        step = 8 + len(name) + 3 & ~3
        if i == len(entries) - 1:
            step = size - len(out)
        out += struct.pack("<IHBB", ino, step, len(name), 0) + name.ljust(step - 8, b"\0")
    return out


def tailed(img, ino, size=10):
    """A file with a stale tail."""
    block = img.alloc()
    img.fill(block, 1)
    img.inode(ino, size=size, i_block=node([leaf(0, 1, block)]))


# -- extent trees --------------------------------------------------------------------------------------

def one_map(i_block, size=1000, **more):
    img = Image()
    img.inode(12, size=size, i_block=i_block, **more)
    return img


def below(entries, depth=0, top=1, **more):
    """An inode with one tree block."""
    img = Image()
    block = img.alloc()
    if callable(entries):
        entries = entries(block)
    img.block(block, node(entries, depth, room_bytes=img.bs, **more))
    img.inode(12, size=1000, i_block=node([index(0, block)], top))
    return img


@case(4)
def ext_loop(): return below(lambda block: [index(0, block)], 1)
@case(4)
def ext_loop_depth(): return below(lambda block: [index(i, block) for i in range(80)], 4, 5)
@case(4)
def ext_depth(): return one_map(node([index(0, 2000)], 6))
@case(4)
def ext_depth_max(): return one_map(node([index(0, 2000)], 65535))
@case(4)
def ext_depth_lie(): return below([leaf(0, 1, 2000)], 2)
@case(4)
def ext_entries(): return one_map(node([leaf(0, 1, 2000)], count=5))
@case(4)
def ext_room(): return one_map(node([leaf(0, 1, 2000)], count=400, room=400))
@case(4)
def ext_room_block(): return below([leaf(0, 1, 2000)], count=65535, room=65535)
@case(4)
def ext_len0(): return one_map(node([leaf(0, 0, 2000)]))
@case(4)
def ext_magic(): return one_map(node([leaf(0, 1, 2000)], magic=0))
@case(4)
def ext_order(): return one_map(node([leaf(9, 1, 2000), leaf(3, 1, 2001)]))
@case(4)
def ext_overlap(): return one_map(node([leaf(0, 9, 2000), leaf(3, 1, 3000)]))
@case(4)
def ext_past_end(): return one_map(node([leaf(0, 9, 4090)]))
@case(4)
def ext_hi48(): return one_map(node([leaf(0, 1, 0xFFFF00000000 + 2000)]))
@case(4)
def ext_meta_sb(): return one_map(node([leaf(0, 1, 1)]))
@case(4)
def ext_meta_itable(): return one_map(node([leaf(0, 9, 4)]))
@case(4)
def ext_last_lblk(): return one_map(node([leaf(0xFFFFFFFF, 1, 2000)]))
@case(4)
def ext_unwritten_big(): return one_map(node([leaf(0, 65535, 2000)]))
@case(4)  # the first leaf maps the second leaf as data
def ext_tree_in_data(): return one_map(node([index(0, 1999), index(50, 2002)], 1)).block(
    1999, node([leaf(0, 9, 2000)], room_bytes=1024)).block(2002, node([leaf(50, 1, 3000)], room_bytes=1024))
@case(4)
def ext_self(): return one_map(node([leaf(0, 9, 2000), leaf(20, 9, 2004)]))


@case(4)
def ext_twice():
    img = one_map(node([leaf(0, 9, 2000)]))
    img.inode(13, size=1000, i_block=node([leaf(0, 9, 2008)]))
    return img


@case(4, "--paranoid")
def ext_same_reads():
    """Thousands of inodes that map the same megabytes past EOF, which must not be read once per inode."""
    img = Image(32 << 20, 4096, inodes=8192)
    first = 3000
    img.fill(first, 4000)
    past = node([leaf(1, 2000, first), leaf(5000, 2000, first + 2000), leaf(10000, 32768 + 4000, first)])
    for ino in img.files(8000):
        img.inode(ino, size=10, i_block=past)
    return img


@case(4)
def ext_same_tree():
    """The same with one deep tree of many blocks."""
    img = Image(64 << 20, 4096, inodes=8192)
    data, tree = 8000, img.alloc(80)
    for i in range(80):
        img.block(tree + i, node([leaf(i * 84 + k, 1, data + i * 84 + k) for k in range(84)], room_bytes=4096))
    top = img.alloc()
    img.block(top, node([index(i * 84, tree + i) for i in range(80)], 1, room_bytes=4096))
    img.fill(data, 80 * 84)
    for ino in img.files(8000):
        img.inode(ino, size=10, i_block=node([index(0, top)], 2))
    return img


# -- indirect maps -------------------------------------------------------------------------------------

def looped(bs, flags=0):
    img = Image(16 << 20, bs, features="filetype")
    block = img.alloc()
    img.block(block, struct.pack("<I", block) * (bs // 4))
    img.inode(12, size=1 << 30, flags=flags, i_block=pointers([], block, block, block))
    return img


@case(4)
def ind_loop(): return looped(4096)
@case(4)
def ind_loop_1k(): return looped(1024)


@case(4)
def ind_same_tree():
    """Thousands of inodes on one triple-indirect tree without holes."""
    img = looped(4096)
    tree = img.alloc(3)
    for i in range(2):
        img.block(tree + i, struct.pack("<I", tree + i + 1) * 1024)
    img.block(tree + 2, struct.pack("<1024I", *range(2000, 3024)))
    for ino in img.files(250):
        img.inode(ino, size=1 << 30, flags=0, i_block=pointers([], tree + 2, tree + 1, tree))
    return img


@case(8, "/link/file")
def ind_link():
    """A link's target at the end of a loop: the path is looked up before anything is claimed."""
    img = looped(4096)
    block = img.get(img.slot(12) + 0x28 + 14 * 4)
    img.inode(13, LNK, 100, 0, pointers([], block, block, block))
    img.root([(13, b"link")])
    return img


# -- sizes ---------------------------------------------------------------------------------------------

@case(4)
def size_huge():
    img = Image()
    for i, (size, flags) in enumerate((s, f) for s in ((1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 62, (1 << 42) - 1)
                                      for f in (0, VERITY, ENCRYPT)):
        img.inode(12 + i, size=size, flags=EXTENTS | flags, i_block=node([leaf(0, 1, 2000 + i)]))
        img.inode(40 + i, size=size, flags=flags, i_block=pointers([2100 + i]))
    return img


# -- directories and names -----------------------------------------------------------------------------

@case(4)
def dir_loop():
    """Directories that contain one another, with thousands of files to be named below them."""
    img = Image(64 << 20, 4096, inodes=4096)
    for ino in range(12, 1012):
        img.directory(ino, [(12 + (ino - 11) % 1000, b"d"), (ino + 1000, b"f")])
        tailed(img, ino + 1000)
    # only the loop leads there
    img.root([])
    return img


@case(4)
def dir_deep():
    """A chain of directories, deeper than the longest path, with a file in each, and one that is in all of them."""
    img = Image(64 << 20, 4096, inodes=16384)
    for ino in range(12, 4012):
        img.directory(ino, [(ino + 1, b"d" * 16), (ino + 4100, b"f"), (9000, b"g")])
        tailed(img, ino + 4100)
    tailed(img, 9000)
    img.root([(12, b"d")])
    return img


@case(4)
def dir_same_blocks():
    """Thousands of directories share megabytes of entries, and shared_blocks allows it; something needs a name."""
    img = Image(64 << 20, 4096, inodes=4096)
    img.sb(0x64, img.get(1024 + 0x64) | 0x4000)
    first, own = img.alloc(8000), img.alloc()
    img.block(first, names(img.bs, [(4000, b"a"), (4001, b"b")] * 20) * 8000)
    for ino in img.files(3500):
        img.inode(ino, DIR, 8000 * img.bs, i_block=node([leaf(0, 8000, first)]), links=2)
    img.block(own, names(img.bs, [(4090, b"name that one thread meets after too many blocks, two before")]))
    img.inode(75, DIR, 8001 * img.bs, i_block=node([leaf(0, 8000, first), leaf(8000, 1, own)]), links=2)
    img.root([(75, b"d")])
    img.inode(4090, size=10, i_block=node([leaf(0, 0, 9)]))
    return img


@case(4, "<4090>")
def dir_same_blocks_file():
    """The same for one file, whose name is looked for before other claims are known."""
    img = dir_same_blocks()
    img.sb(0x64, img.get(1024 + 0x64) & ~0x4000)
    tailed(img, 4090)
    return img


@case(4)
def dir_records():
    img = Image()
    for i, (step, length) in enumerate(((0, 1), (8, 250), (13, 1), (65535, 1), (1024, 255), (12, 200), (4, 0))):
        block = img.directory(12 + i, [(40, b"x"), (41, b"y")])
        img.put(block * img.bs + 4, step, 2)
        img.put(block * img.bs + 6, length, 1)
    tailed(img, 40)
    tailed(img, 41)
    img.root([(12 + i, b"d%d" % i) for i in range(7)])
    return img


@case(4)
def dir_names():
    """Names that are not valid in a path or disturb a terminal."""
    img = Image()
    bad = [b"a/b", b"..//etc", b"a\0b", b"\033[2J", b"a\nb", b"\377\376", b'"', b"\\", b"x" * 255, b" ", b"\177"]
    for i in range(len(bad)):
        tailed(img, 20 + i)
    img.root([(20 + i, name) for i, name in enumerate(bad)])
    return img


@case(8, "/a/b/../c")
def link_loop():
    img = Image()
    for ino, target in ((12, b"b"), (13, b"./c"), (14, b"/a")):
        img.inode(ino, LNK, len(target), 0, target)
    img.root([(12, b"a"), (13, b"b"), (14, b"c")])
    return img


@case(8, "/l0")
def link_bomb():
    """Each link has a target of the maximum length that leads through a large directory many times."""
    img = Image(32 << 20, 4096, inodes=512)
    wide = img.alloc(3000)
    for i in range(3000):
        img.block(wide + i, names(img.bs, [(99, b"n%d" % k) for k in range(60)]))
    img.block(wide + 2999, names(img.bs, [(12, b"d")]))
    img.inode(12, DIR, 3000 * img.bs, i_block=node([leaf(0, 3000, wide)]), links=2)
    for i in range(39):
        target = b"/d/" + b"d/" * 500 + b"../l%d" % (i + 1)
        block = img.alloc()
        img.block(block, target)
        img.inode(20 + i, LNK, len(target), 0, pointers([block]))
    img.root([(12, b"d")] + [(20 + i, b"l%d" % i) for i in range(39)])
    return img


@case(8, "/l")
def link_sizes():
    img = Image()
    img.inode(12, LNK, 1 << 40, 0, b"x")
    img.root([(12, b"l")])
    return img


# -- orphans -------------------------------------------------------------------------------------------

@case(4)
def orphan_loop():
    img = Image()
    for i in range(8):
        tailed(img, 12 + i)
        img.put(img.slot(12 + i) + 0x14, 12 + (i + 1) % 8)
    img.sb(0xE8, 12)
    return img


def orphan_file(i_block, size=4096):
    img = Image(features="filetype,extent")
    img.sb(0x5C, img.get(1024 + 0x5C) | 0x1000)
    img.sb(0x280, 12)
    img.inode(12, size=size, i_block=i_block)
    tailed(img, 13)
    return img


@case(4)
def orphan_junk():
    img = orphan_file(node([leaf(0, 2000, 2000)]), 2000 * 1024)
    random.seed(1)
    for block in range(2000, 4000):
        img.block(block, random.randbytes(1016) + struct.pack("<II", 0x0B10CA04, 0))
    return img


@case(4)
def orphan_tree():
    img = orphan_file(b"")
    block = img.alloc()
    img.block(block, node([index(i, block) for i in range(84)], 4, room_bytes=1024))
    img.inode(12, size=4096, i_block=node([index(0, block)], 5))
    return img


@case(4)
def orphan_number():
    img = orphan_file(node([leaf(0, 1, 2000)]))
    img.sb(0x280, 0xFFFFFFFF)
    return img


# -- groups --------------------------------------------------------------------------------------------

def groups():
    img = Image(64 << 20, inodes=8192)
    tailed(img, 12)
    return img


@case(4)
def group_one_table():
    """Every group has the inode table of the first group."""
    img = groups()
    for g in range(1, img.inodes // img.per_group):
        img.put(img.desc + 32 * g + 8, img.get(img.desc + 8))
    return img


@case(4)
def group_ones():
    img = groups()
    img.data[img.desc + 32:img.desc + 32 * 8] = b"\xff" * (32 * 7)
    return img


@case(4)
def group_zeroes():
    img = groups()
    img.data[img.desc:img.desc + 32 * 8] = bytes(32 * 8)
    return img


# -- attributes and inline data ------------------------------------------------------------------------

@case(4, "--paranoid")
def xattr_places():
    img = Image(features="filetype,extent,ext_attr", isize=256)
    img.sb(0x60, img.get(1024 + 0x60) | 0x8000)
    places = [(o, s) for o in (0, 4, 60, 90, 65535) for s in (0, 1, 60, 200, 0x7FFFFFFF, 0xFFFFFFFF)]
    for i, (offset, size) in enumerate(places):
        at = img.inode(12 + i, size=70, flags=INLINE, i_block=b"i" * 60)
        img.put(at + 0x80, 32, 2)
        img.data[at + 160:at + 184] = struct.pack("<IBBHIII4s", 0xEA020000, 4, 7, offset, 0, size, 0, b"data")
    for i, extra in enumerate((1, 3, 124, 126, 128, 65532, 65535)):
        img.put(img.inode(60 + i, size=61, flags=INLINE) + 0x80, extra, 2)
    for i, length in enumerate((255, 254, 80, 76)):
        at = img.inode(70 + i, size=61, flags=INLINE)
        img.data[at + 132:at + 136] = struct.pack("<I", 0xEA020000)
        img.data[at + 136:at + 256] = bytes([length, 1, 0, 0] * 30)
        img.put(at + 0x80, 4, 2)
    return img


@case(4)
def acl_places():
    img = Image()
    for i, block in enumerate((1, 2, 5, 4095, 4096, 0xFFFFFFFF, 2000, 2000, 2001)):
        img.put(img.inode(12 + i, i_block=node([])) + 0x68, block)
    img.inode(40, size=1000, i_block=node([leaf(0, 1, 2001)]))
    return img


# -- superblocks ---------------------------------------------------------------------------------------

SUPERS = {
    "first": (0x14, 20, 4), "first_huge": (0x14, 0xFFFFFFFF, 4), "magic": (0x38, 0, 2), "inodes0": (0, 0, 4),
    "inodes_odd": (0, 255, 4), "blocks0": (4, 0, 4), "blocks1": (4, 1, 4), "blocks_more": (4, 4097, 4),
    "blocks_max": (4, 0xFFFFFFFF, 4), "logbs7": (0x18, 7, 4), "logbs31": (0x18, 31, 4), "logbs_max": (0x18, 0xFFFFFFFF, 4),
    "logcs": (0x1C, 31, 4), "bpg0": (0x20, 0, 4), "bpg7": (0x20, 7, 4), "bpg8": (0x20, 8, 4), "bpg_max": (0x20, 0xFFFFFFFF, 4),
    "cpg0": (0x24, 0, 4), "ipg0": (0x28, 0, 4), "ipg8": (0x28, 8, 4), "ipg_max": (0x28, 0xFFFFFFF8, 4), "rev": (0x4C, 2, 4),
    "first_ino": (0x54, 0xFFFFFFFF, 4), "isize0": (0x58, 0, 2), "isize3": (0x58, 3, 2), "isize_max": (0x58, 65535, 2),
    "isize4096": (0x58, 4096, 2), "incompat": (0x60, 0x80000002, 4), "compressed": (0x60, 3, 4), "journal_dev": (0x60, 10, 4),
    "ro": (0x64, 0x80000000, 4), "gdt": (0xCE, 65535, 2), "flex": (0x174, 255, 1),
    "64bit_desc0": (0x60, 0xC2, 4), "csum_type": (0x64, 0x400, 4), "meta_bg": (0x104, 0xFFFFFFFF, 4),
}


def super_case(name):
    at, value, size = SUPERS[name]

    def make():
        img = Image()
        img.sb(at, value, size)
        if name == "meta_bg":
            img.sb(0x60, img.get(1024 + 0x60) | 0x10)
        return img
    # an unknown read-only feature only prevents edits
    CASES["sb_" + name] = (make, 0 if name == "ro" else 8, "")


for _name in SUPERS:
    super_case(_name)


# -- not a file system ---------------------------------------------------------------------------------

def plain(name, make):
    CASES[name] = (make, 8, "")


def cut(part):
    def make():
        img = Image()
        tailed(img, 12)
        return img.data[:part(len(img.data))]
    return make


plain("zero_length", lambda: b"")
plain("one_byte", lambda: b"x")
for _size in (1023, 1024, 2047, 2048):
    plain("zeroes_%d" % _size, lambda size=_size: bytes(size))
plain("ones", lambda: b"\xff" * 70000)
plain("random", lambda: random.Random(7).randbytes(300000))
plain("text", lambda: b"What a text.\n" * 1000)
plain("gzip", lambda: b"\x1f\x8b\x08\x00" + random.Random(8).randbytes(5000))
plain("trunc_half", cut(lambda n: n // 2))
plain("trunc_last", cut(lambda n: n - 1024))
plain("trunc_odd", cut(lambda n: n - 1))
plain("trunc_super", cut(lambda n: 1500))


@case(4)
def sparse_huge():
    """A file of terabytes in which only the superblock is allocated: no group can be read."""
    img = Image(64 << 20, 4096, inodes=1024)
    n = 1 << 30
    img.sb(4, n)
    img.sb(0x28, 1024)
    img.sb(0, n // 32768 * 1024)
    return img, n * 4096


def write(path, made):
    """Write MADE, which may be a tuple with a size, with holes for zeroes."""
    made, size = made if isinstance(made, tuple) else (made, 0)
    data = made.data if isinstance(made, Image) else made
    with open(path, "wb") as f:
        for at in range(0, len(data), 65536):
            piece = data[at:at + 65536]
            if piece.count(0) != len(piece):
                f.seek(at)
                f.write(piece)
        f.truncate(max(size, len(data)))


def main():
    for name in sys.argv[2:] or CASES:
        make, status, args = CASES[name]
        write(os.path.join(sys.argv[1], name), make())
        print(name, status, args)


if __name__ == "__main__":
    main()
