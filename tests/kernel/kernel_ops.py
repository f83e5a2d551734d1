# SPDX-License-Identifier: GPL-2.0-or-later
"""The operations of tests/props/ops.py by system calls."""

import ctypes
import fcntl
import mmap
import os
import struct

from mounted import PAGE, libc

libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.memset.restype = ctypes.c_void_p

KEEP_SIZE, PUNCH_HOLE, COLLAPSE, ZERO, INSERT, WRITE_ZEROES = 0x01, 0x02, 0x08, 0x10, 0x20, 0x80
MODES = {"zero-range": ZERO, "punch-hole": PUNCH_HOLE | KEEP_SIZE, "allocate": 0, "write-zeroes": WRITE_ZEROES,
         "collapse-range": COLLAPSE, "insert-range": INSERT}


def fallocate(fd, mode, off, length):
    if libc.fallocate(fd, mode, off, length):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def write(fd, op):
    done = 0
    while done < op.len:
        done += os.pwrite(fd, op.data[done:], op.off + done)


def written(fd):
    """(offset, length) of what is written on the disk, or in the inode, once what waits is there."""
    at, room, found = 0, 256, []
    while True:
        head = struct.pack("=QQIIII", at, 2 ** 64 - 1 - at, 1, 0, room, 0)  # FIEMAP_FLAG_SYNC
        answer = bytearray(head + bytes(56 * room))
        fcntl.ioctl(fd, 0xC020660B, answer)  # FS_IOC_FIEMAP
        count = struct.unpack_from("=I", answer, 20)[0]
        for i in range(count):
            start, _, length, _, _, flags = struct.unpack_from("=QQQQQI", answer, 32 + 56 * i)
            at = start + length
            if not flags & 0x800:  # FIEMAP_EXTENT_UNWRITTEN
                found.append((start, length))
        if count < room:
            return found


def zero(fd, op):
    """Zeroes over what is written in the range, up to EOF: pwrite(2) has nothing to allocate there."""
    size = os.fstat(fd).st_size
    for start, length in written(fd):
        off, end = max(start, op.off), min(start + length, op.end, size)
        while off < end:
            off += os.pwrite(fd, bytes(min(end - off, 1 << 20)), off)


def do(path, op, rng):
    """Do OP to the file: the error, or None. Some of it is sent to the disk at once, some forgotten by the cache."""
    # not truncate(2): there 6.18 oopses when a file outgrows its inode
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError as err:
        return err
    try:
        if op.verb == "truncate":
            os.ftruncate(fd, op.off)
        elif op.verb == "write":
            write(fd, op)
        elif op.verb == "zero":
            zero(fd, op)
        else:
            fallocate(fd, MODES[op.verb] | (KEEP_SIZE if op.keep else 0), op.off, op.len)
        if rng.random() < 0.15:
            os.fsync(fd)
            if rng.random() < 0.5:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError as err:
        return err
    finally:
        os.close(fd)
    return None


def scribble_past_eof(path):
    """Store into the rest of the last page, as a program does that maps the file."""
    fd = os.open(path, os.O_RDWR)
    size = os.fstat(fd).st_size
    inside = size % PAGE
    if inside:
        at = libc.mmap(None, PAGE, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, fd, size - inside)
        if at not in (None, ctypes.c_void_p(-1).value):
            libc.memset(at + inside, 0x58, PAGE - inside)
            libc.munmap(at, PAGE)
    os.close(fd)


def sync_fs(path):
    """All that the file system of PATH holds back goes to its disk."""
    fd = os.open(path, os.O_RDONLY)
    if libc.syncfs(fd):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    os.close(fd)


def probe(pair):
    """The kernel has FALLOC_FL_WRITE_ZEROES here."""
    with pair.kern.mounted():
        fd = os.open("mnt/probe", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fallocate(fd, WRITE_ZEROES, 0, pair.bs)
        except OSError:
            return False
        finally:
            os.close(fd)
            os.unlink("mnt/probe")
    return True
