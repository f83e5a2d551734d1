#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what the kernel reads from a mounted image with what the witness reads from the image.

usage: mounted.py IMAGE MOUNTPOINT

Every regular file that the witness can read and that is not encrypted: its size and its bytes; and a
mapping of its last page must show zeroes past EOF.
"""

import ctypes
import errno
import mmap
import os
import sys

sys.dont_write_bytecode = True
import imgfmt                # noqa: E402
from imgfmt import FL_ENCRYPT, FL_INLINE, FL_VERITY  # noqa: E402
from witness import Witness  # noqa: E402

LARGEST = 64 << 20


def parts(fs, inode):
    """(offset, bytes) of what is not zero by its mapping, below EOF."""
    if inode.flags & FL_INLINE:
        yield 0, fs.inline_room(inode)[:inode.size]
        return
    for l, p, c, w in inode.runs:
        data = fs.block(p, c)[:max(0, inode.size - l * fs.bs)] if w else b""
        if data:
            yield l * fs.bs, data


def compare(fs, inode, path):
    with open(path, "rb") as f:
        if os.fstat(f.fileno()).st_size != inode.size:
            return "another size"
        at = 0
        for offset, data in parts(fs, inode):
            if offset - at <= LARGEST:
                f.seek(at)
                gap = f.read(offset - at)
                if gap.count(0) != len(gap):
                    return "bytes in a hole"
            f.seek(offset)
            if f.read(len(data)) != data:
                return "other bytes at %d" % offset
            at = offset + len(data)
        return past_eof(f.fileno(), inode.size)


def past_eof(fd, size):
    """The bytes of the last page past EOF, by mmap(2) itself: the module refuses to look there."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_int64]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    page = mmap.PAGESIZE
    if not size % page:
        return None
    at = libc.mmap(None, page, mmap.PROT_READ, mmap.MAP_SHARED, fd, size // page * page)
    if at == ctypes.c_void_p(-1).value:
        return "mmap: " + os.strerror(ctypes.get_errno())
    data = ctypes.string_at(at + size % page, page - size % page)
    libc.munmap(at, page)
    return None if data.count(0) == len(data) else "bytes past EOF in its last page"


def main():
    image, top = sys.argv[1:3]
    fs = imgfmt.Image(image)
    witness = Witness(fs)
    witness.run()
    compared, rc = 0, 0
    for base, dirs, files in os.walk(os.fsencode(top)):
        for name in files:
            path = os.path.join(base, name)
            try:
                st = os.lstat(path)
            except OSError as err:
                # damaged, or encrypted without a context: the kernel says so
                if err.errno not in (errno.EUCLEAN, errno.ENODATA, errno.EBADMSG):
                    raise
                continue
            inode = witness.inodes.get(st.st_ino)
            if inode is None or inode.why or inode.kind() != imgfmt.S_IFREG or \
                    inode.flags & (FL_ENCRYPT | FL_VERITY) or st.st_ino in fs.quota:
                continue
            why = compare(fs, inode, path)
            compared += 1
            if why:
                print("%s: %s" % (os.fsdecode(path), why))
                rc = 1
    if not compared:
        print("no file was compared")
        rc = 1
    return rc


if __name__ == "__main__":
    sys.exit(main())
