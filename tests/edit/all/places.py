#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where static metadata has bytes that nobody reads, by the format's documentation alone.

    places.py IMAGE KIND...         for each kind a line: KIND, its bytes, those of them that are stale
    places.py --hide IMAGE KIND...  a few bytes of a canary at the end of each place; the checksums are right again
"""

import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../witness'))
from imgfmt import crc16, crc32c

SPARSE_SUPER2, RESIZE_INODE = 0x200, 0x10  # compat
META_BG, MMP = 0x10, 0x100  # incompat
SPARSE_SUPER, GDT_CSUM, METADATA_CSUM = 0x1, 0x10, 0x400  # ro_compat
INODE_UNINIT, BLOCK_UNINIT = 1, 2
RESERVED = 0x2A4  # what of the superblock's reserved words has no meaning yet


def is_power(n, base):
    while n > 1 and n % base == 0:
        n //= base
    return n == 1


class Image:
    def __init__(self, path):
        with open(path, 'rb') as f:
            self.data = bytearray(f.read())
        self.sb = sb = bytes(self.data[1024:2048])
        self.bs = 1024 << self.u32(0x18)
        self.compat, self.incompat, self.ro = struct.unpack_from('<3I', sb, 0x5C)
        self.blocks = self.u32(4) | (self.u32(0x150) << 32 if self.incompat & 0x80 else 0)
        self.first = self.u32(0x14)
        self.per_group, self.clusters, self.inodes = struct.unpack_from('<3I', sb, 0x20)
        self.inode_size = self.u16(0x58) if self.u32(0x4C) else 128
        self.desc_size = self.u16(0xFE) if self.incompat & 0x80 else 32
        self.csum = bool(self.ro & (GDT_CSUM | METADATA_CSUM))
        self.groups = -(-(self.blocks - self.first) // self.per_group)
        self.per_block = self.bs // self.desc_size
        self.desc_blocks = -(-self.groups // self.per_block)
        self.reserved = self.u16(0xCE)
        self.meta_from = self.u32(0x104) if self.incompat & META_BG else self.desc_blocks
        self.table = -(-self.inodes * self.inode_size // self.bs)
        self.desc = [self.group(g) for g in range(self.groups)]

    def u16(self, at):
        return struct.unpack_from('<H', self.sb, at)[0]

    def u32(self, at):
        return struct.unpack_from('<I', self.sb, at)[0]

    def start(self, g):
        return self.first + g * self.per_group

    def has_super(self, g):
        if g == 0:
            return True
        if self.compat & SPARSE_SUPER2:
            return g in struct.unpack_from('<2I', self.sb, 0x24C)
        return not self.ro & SPARSE_SUPER or g == 1 or any(is_power(g, base) for base in (3, 5, 7))

    def desc_places(self, i):
        """The blocks that hold descriptor block I, the one that is read first."""
        if i < self.meta_from:
            return [self.super_block(g) + 1 + i for g in range(self.groups) if self.has_super(g)]
        first = i * self.per_block
        groups = [g for g in (first, first + 1, first + self.per_block - 1) if g < self.groups]
        return [self.start(g) + self.has_super(g) for g in dict.fromkeys(groups)]

    def super_block(self, g):
        return 1 if g == 0 and self.bs == 1024 else self.start(g)

    def group(self, g):
        at = self.desc_at(g)
        low = struct.unpack_from('<3I4H', self.data, at)
        unused = struct.unpack_from('<H', self.data, at + 0x1C)[0]
        high = struct.unpack_from('<3I', self.data, at + 0x20) if self.desc_size >= 64 else (0, 0, 0)
        if self.desc_size >= 64:
            unused |= struct.unpack_from('<H', self.data, at + 0x32)[0] << 16
        block, inode, table = (a | b << 32 for a, b in zip(low, high))
        return {'block': block, 'inode': inode, 'table': table, 'flags': low[6] if self.csum else 0,
                'unused': unused if self.csum else 0}

    # each: runs of (offset, length) that have to be zero, (offset, length, byte) that have to be that, or (offset, length,
    # bytes) that have to be these or zero

    def inode_table(self):
        for d in self.desc:
            unused = self.inodes if d['flags'] & INODE_UNINIT else d['unused']
            used = (self.inodes - unused) * self.inode_size
            if used < self.table * self.bs:
                yield d['table'] * self.bs + used, self.table * self.bs - used

    def spare(self, d):
        """The numbers, in the group from 0 on, of the slots that may be in use and are not."""
        bits = self.data[d['inode'] * self.bs:][:self.inodes // 8]
        used = 0 if d['flags'] & INODE_UNINIT else self.inodes - d['unused']
        return [n for n in range(used) if not bits[n // 8] >> n % 8 & 1]

    def free_inode(self):
        named = {self.u32(at) for at in (0xE0, 0x240, 0x244, 0x26C, 0x288)}  # journal, quota, orphan file
        for g, d in enumerate(self.desc):
            for n in self.spare(d):
                ino = g * self.inodes + n + 1
                if ino >= max(self.u32(0x54), 11) and ino not in named:
                    yield d['table'] * self.bs + n * self.inode_size, self.inode_size

    def bits(self, g):
        """Clusters of the group."""
        ratio = self.per_group // self.clusters
        return -(-min(self.per_group, self.blocks - self.start(g)) // ratio)

    def bitmap_slack(self):
        for g, d in enumerate(self.desc):
            for block, bits, uninit in (d['block'], self.bits(g), d['flags'] & BLOCK_UNINIT), \
                    (d['inode'], self.inodes, d['flags'] & INODE_UNINIT):
                used = -(-bits // 8)
                if uninit:
                    yield block * self.bs, self.bs
                elif used < self.bs:
                    yield block * self.bs + used, self.bs - used, 0xFF

    def super_slack(self):
        for g in filter(self.has_super, range(self.groups)):
            used = 1024 if g or self.bs == 1024 else 2048
            if self.bs > used:
                yield self.super_block(g) * self.bs + used, self.bs - used
            if not self.super_ok(g):
                continue
            # name, last_mounted, first_error_func, last_error_func, mount_opts
            for at, size in (0x78, 16), (0x88, 64), (0x1A8, 32), (0x1E0, 32), (0x200, 64):
                text = self.sb[at:at + size].split(b'\0')[0]
                if g:
                    yield self.super_at(g) + at, size, text.ljust(size, b'\0')
                elif len(text) < size:
                    yield 1024 + at + len(text), size - len(text)
            yield self.super_at(g) + RESERVED, 0x3FC - RESERVED

    def super_at(self, g):
        return self.super_block(g) * self.bs if g else 1024

    def super_ok(self, g):
        sb = self.data[self.super_at(g):self.super_at(g) + 1024]
        csum = crc32c(0xFFFFFFFF, sb[:0x3FC]).to_bytes(4, 'little')
        return sb[0x38:0x3A] == b'\x53\xEF' and (not self.ro & METADATA_CSUM or sb[0x3FC:] == csum)

    def desc_at(self, g):
        return self.desc_places(g // self.per_block)[0] * self.bs + g % self.per_block * self.desc_size

    def desc_slack(self):
        if self.desc_size > 0x3C:
            for g in range(self.groups):
                yield self.desc_at(g) + 0x3C, self.desc_size - 0x3C
        used = self.groups % self.per_block * self.desc_size
        for block in self.desc_places(self.desc_blocks - 1) if used else ():
            yield block * self.bs + used, self.bs - used

    def reserved_gdt(self):
        for g in filter(self.has_super, range(self.groups)):
            if self.reserved and not self.incompat & META_BG and (g or not self.compat & RESIZE_INODE):
                # inode 7 counts from where the first ones are, which is not where a group begins
                late = g and self.compat & RESIZE_INODE and self.super_block(0) > self.first
                yield (self.super_block(g) + 1 + self.desc_blocks) * self.bs, (self.reserved + bool(late)) * self.bs

    # ---- a canary ----

    def put(self, form, at, value):
        struct.pack_into(form, self.data, at, value)

    def seal_group(self, g, seed):
        at, d = self.desc_at(g), self.desc[g]
        number = struct.pack('<I', g)
        if self.ro & METADATA_CSUM:
            for block, bits, low, high in (d['block'], self.clusters, 0x18, 0x38), (d['inode'], self.inodes, 0x1A, 0x3A):
                csum = crc32c(seed, self.data[block * self.bs:block * self.bs + bits // 8])
                self.put('<H', at + low, csum & 0xFFFF)
                if self.desc_size >= 64:
                    self.put('<H', at + high, csum >> 16)
            self.put('<H', at + 0x1E, 0)
            csum = crc32c(crc32c(seed, number), self.data[at:at + self.desc_size])
        else:
            csum = crc16(crc16(crc16(0xFFFF, self.sb[0x68:0x78]), number), self.data[at:at + 0x1E])
            csum = crc16(csum, self.data[at + 0x20:at + self.desc_size])
        self.put('<H', at + 0x1E, csum & 0xFFFF)

    def seal(self):
        seed = self.u32(0x270) if self.incompat & 0x2000 else crc32c(0xFFFFFFFF, self.sb[0x68:0x78])
        for g in range(self.groups if self.csum else 0):
            self.seal_group(g, seed)
        for g in filter(self.has_super, range(self.groups if self.ro & METADATA_CSUM else 0)):
            at = self.super_at(g)
            self.put('<I', at + 0x3FC, crc32c(0xFFFFFFFF, self.data[at:at + 0x3FC]))

    def hide(self, run):
        off, length = run[:2]
        canary = b'CANARY'[:min(6, length - 1)]
        # a string ends before it
        self.data[off + length - len(canary):off + length] = canary


def main():
    hide = sys.argv[1] == '--hide'
    image, kinds = Image(sys.argv[1 + hide]), sys.argv[2 + hide:]
    for kind in kinds:
        size = stale = 0
        for run in list(getattr(image, kind.replace('-', '_'))()):
            off, length, fill = (*run, 0)[:3]
            size += length
            if isinstance(fill, bytes):
                stale += sum(have not in (0, want) for have, want in zip(image.data[off:off + length], fill))
            else:
                stale += length - image.data.count(fill, off, off + length)
            if hide:
                image.hide(run)
        if not hide:
            print(kind, size, stale)
    if hide:
        image.seal()
        with open(sys.argv[2], 'r+b') as f:
            f.write(image.data)


if __name__ == "__main__":
    main()
