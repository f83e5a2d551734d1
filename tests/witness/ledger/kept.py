# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scrub of all slack must leave as it is: every inode with its times, content, names and attributes."""

import hashlib

import attrs
import slots
from imgfmt import FL_EA_INODE, FL_ENCRYPT, FL_INLINE, S_IFDIR, S_IFREG, Bad, u16, u32

# of a slot: the checksum, and what an edit of blocks past EOF changes
I_BLOCKS, I_MAP, I_CSUM, I_CSUM_HI, I_BLOCKS_HI = (0x1C, 4), (0x28, 60), (0x7C, 2), (0x82, 2), (0x74, 2)


def fields(ledger, inode):
    """The slot without checksums, map, slack and attributes."""
    fs, raw = ledger.fs, bytearray(inode.raw)
    blank = [I_CSUM, I_MAP, I_BLOCKS, I_BLOCKS_HI, (slots.FADDR, 4)]
    if inode.ino in ledger.orphans:
        blank.append((0x14, 4))
    if fs.isize > 128:
        blank.append(I_CSUM_HI)
    if fs.creator == 0:
        blank.append((slots.OSD2_END - 2, 2))
    for at, length in blank:
        raw[at:at + length] = bytes(length)
    try:
        return bytes(raw[:slots.body_start(fs, inode)])
    except Bad:
        return bytes(raw)


def attributes(ledger, inode):
    """(index, name, value or the inode that has it) of each, in the order of the slot and of the block."""
    fs, places, out = ledger.fs, [], []
    start = 128 + (u16(inode.raw, 0x80) or 32) if fs.isize > 128 else fs.isize
    if start + 4 <= fs.isize and u32(inode.raw, start) == attrs.MAGIC:
        places.append((inode.raw, start + 4, start + 4))
    if inode.acl and not inode.why:
        places.append((fs.block(inode.acl), 32, 0))
    for data, first, base in places:
        try:
            for _, name, index, offset, inum, size, _ in attrs.entries(data, first):
                value = data[base + offset:base + offset + size]
                if index == 7 and name == b"data":
                    value = b""     # what of it is in use is content
                out.append((index, name, inum, b"" if inum else value))
        except Bad:
            out.append(data)
    return out


def content(ledger, inode):
    """A digest of every byte in use that the disk has, with its place; of a directory its entries."""
    fs, size = ledger.fs, inode.size
    h = hashlib.sha256()
    if inode.kind() == S_IFDIR and not inode.why:
        for entry in ledger.entries(inode):
            h.update(b"%d:%s/" % entry)
    elif inode.flags & FL_INLINE and not inode.why:
        h.update(fs.inline_room(inode)[:size])
    elif not inode.has_map():
        h.update(inode.raw[slots.MAP:slots.MAP + slots.map_used(fs, inode)])
    else:
        if inode.kind() != S_IFREG or inode.why:
            size = 1 << 62
        elif inode.flags & FL_ENCRYPT:
            size = -(-size // fs.bs) * fs.bs
        for l, p, c, w in inode.runs:
            length = min((l + c) * fs.bs, size) - l * fs.bs if w else 0
            if length > 0 and inode.kind() == S_IFREG:
                h.update(b"%d:" % l)
                h.update(fs.block(p, -(-length // fs.bs))[:length])
            elif length > 0:
                h.update(fs.block(p)[:inode.size])
    return h.digest()


def differences(before, after):
    """Faults: what is not as it was. Both are ledgers that have run."""
    old, new = before.inodes, after.inodes
    for ino in sorted(set(old) ^ set(new)):
        # a value goes with the last inode that had it; one that another inode has is among its attributes
        if ino in new or old[ino].links and not old[ino].flags & FL_EA_INODE:
            yield "inode %d is in use in one of them only" % ino
    for ino in sorted(set(old) & set(new)):
        if ino == 8 or ino == before.fs.orphan_ino or ino in before.fs.quota or not old[ino].links:
            continue
        for what, of in (("size, time or another field", fields), ("attributes", attributes), ("content", content)):
            if of(before, old[ino]) != of(after, new[ino]):
                yield "inode %d: its %s changed" % (ino, what)
        end = -(-old[ino].size // before.fs.bs)
        maps = [[(l, p, min(c, end - l), w) for l, p, c, w in side[ino].runs if l < end] for side in (old, new)]
        if maps[0] != maps[1]:
            yield "inode %d: its map changed below EOF" % ino
