# SPDX-License-Identifier: GPL-2.0-or-later
"""What an inode does not use of its slot, of the blocks of its extent tree and of its block of attributes."""

import attrs
from imgfmt import EXTENT_MAGIC, FL_ENCRYPT, FL_EXTENTS, FL_INLINE, OS_LINUX, Bad, u16, u32

S_IFIFO, S_IFCHR, S_IFBLK, S_IFSOCK = 0x1000, 0x2000, 0x6000, 0xC000
INCOMPAT_EA_INODE = 0x400
MAP, MAP_END, FADDR, OSD2_END = 0x28, 0x64, 0x70, 0x80


def own_blocks(fs, inode):
    """i_blocks less those of its block of attributes."""
    unit = fs.bs // 512 * fs.ratio
    return u32(inode.raw, 0x1C) - (unit if inode.acl else 0)


def map_used(fs, inode):
    """How many of the 60 bytes of i_block are in use."""
    kind = inode.kind()
    if kind in (S_IFCHR, S_IFBLK):
        return 8
    if kind in (S_IFIFO, S_IFSOCK):
        return 0
    if inode.fast_symlink():
        held = own_blocks(fs, inode) and not fs.incompat & INCOMPAT_EA_INODE
        return 60 if inode.flags & FL_ENCRYPT or not inode.size or held else inode.size
    if inode.flags & FL_EXTENTS and not inode.flags & FL_INLINE and \
            u16(inode.raw, MAP) == EXTENT_MAGIC and u16(inode.raw, MAP + 2) <= 4:
        return 12 + 12 * u16(inode.raw, MAP + 2)
    return 60


def body_start(fs, inode):
    """Where attributes begin in the slot; the slot's end if it has no room for any."""
    if fs.isize <= 128:
        return fs.isize
    extra = u16(inode.raw, 0x80)
    if extra % 4 or 128 + extra > fs.isize:
        raise Bad("i_extra_isize")
    return 128 + (extra or 32)


def slot_slack(fs, inode):
    """The unused stretches of the slot beside i_block; Bad if it is not valid."""
    out = [(FADDR, FADDR + 4)]
    if fs.creator == OS_LINUX:
        out.append((OSD2_END - 2, OSD2_END))
    start = body_start(fs, inode)
    if start >= fs.isize or inode.flags & FL_INLINE and not u16(inode.raw, 0x80):
        return out
    if start + 4 > fs.isize or u32(inode.raw, start) != attrs.MAGIC:
        return out + [(start, fs.isize)]
    live = attrs.used(inode.raw, start + 4, start + 4)
    live[start:start + 4] = bytes((1,)) * 4
    return out + list(attrs.unused(live, start, fs.isize))


def extent_slack(fs, block):
    """The unused stretches of a block of an extent tree, None if it is not one."""
    data = fs.block(block)
    entries, room = u16(data, 2), u16(data, 4)
    if u16(data, 0) != EXTENT_MAGIC or entries > room or room > (fs.bs - 12) // 12:
        return None
    if not fs.csum:
        return [(12 + 12 * entries, fs.bs)]
    tail = 12 + 12 * room
    return [(12 + 12 * entries, tail), (tail + 4, fs.bs)]


def value_place(fs, inode):
    """(offset in the slot, size, e_hash) of system.data's value, None if there is none."""
    if fs.isize <= 128:
        return None
    start = 128 + u16(inode.raw, 0x80)
    if start + 4 > fs.isize or u32(inode.raw, start) != attrs.MAGIC:
        return None
    for _, name, index, offset, inum, size, e_hash in attrs.entries(inode.raw, start + 4):
        if index == 7 and name == b"data":
            return None if inum else (start + 4 + offset, size, e_hash)
    return None
