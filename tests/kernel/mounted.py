# SPDX-License-Identifier: GPL-2.0-or-later
"""Attach and mount images, and look at their files as the kernel shows them."""

import ctypes
import errno
import fcntl
import mmap
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../props"))
from content import CHUNK, Content

FS_IOC_FIEMAP = 0xC020660B
FIEMAP_LAST, FIEMAP_INLINE, FIEMAP_UNWRITTEN = 0x1, 0x200, 0x800
PAGE = mmap.PAGESIZE
WHOLE = 16 << 20  # files up to this size are read byte by byte

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_int64]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


class Failed(Exception):
    """A judge said no."""


def run(*command, status=(0,), **kwargs):
    """The output of a command that must leave with one of these."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **kwargs)
    if done.returncode not in status:
        raise Failed("%s: exit %d\n%s" % (" ".join(command), done.returncode, done.stdout))
    return done.stdout


def fallocate(fd, mode, off, length):
    """fallocate(2), which Python lacks; False where the file's map has no such thing."""
    if libc.fallocate(fd, mode, off, length) == 0:
        return True
    code = ctypes.get_errno()
    if code == errno.EOPNOTSUPP:
        return False
    raise OSError(code, os.strerror(code))


class Mounted:
    """with Mounted(image, directory, options, journal): mounted, and gone afterwards."""

    def __init__(self, image, where, options="", journal=None):
        self.image, self.where, self.options, self.journal = image, where, options, journal
        self.devices = []

    def attach(self, path):
        device = run("losetup", "-f", "--show", path).strip()
        self.devices.append(device)
        return device

    def detach(self):
        while self.devices:
            run("losetup", "-d", self.devices.pop(), status=(0, 1))

    def __enter__(self):
        options = "noatime" + ("," + self.options if self.options else "")
        try:
            if self.journal:
                options += ",journal_path=" + self.attach(self.journal)
            run("mount", "-o", options, self.attach(self.image), self.where)
        except BaseException:
            self.detach()
            raise
        return self.where

    def __exit__(self, kind, why, _):
        try:
            run("umount", self.where)
        except Failed as busy:
            # a file that is still open is not what is wrong
            raise (why or busy) from None
        self.detach()


def read_content(fd, size):
    """Small files whole, large ones where they have data."""
    content, at = Content(size), 0
    while at < size:
        end = size
        if size > WHOLE:
            try:
                at = os.lseek(fd, at, os.SEEK_DATA) & -CHUNK
                end = os.lseek(fd, at, os.SEEK_HOLE)
            except OSError as err:
                if err.errno != errno.ENXIO:
                    raise
                break
            end = max(-(-end // CHUNK) * CHUNK, at + CHUNK)
        end = min(end, at + WHOLE, size)
        content.put(at, os.pread(fd, end - at, at))
        at = -(-end // CHUNK) * CHUNK
    return content


def fiemap(fd):
    """[(offset, physical, length, state)] in bytes; whether the data is in the inode."""
    pieces, start, inline = [], 0, False
    while True:
        buf = bytearray(struct.pack("=QQIIII", start, 2 ** 64 - 1 - start, 0, 0, 500, 0))
        buf += bytes(500 * 56)
        fcntl.ioctl(fd, FS_IOC_FIEMAP, buf)
        count = struct.unpack_from("=I", buf, 20)[0]
        flags = FIEMAP_LAST
        for i in range(count):
            off, phys, length, _, _, flags = struct.unpack_from("=QQQQQI", buf, 32 + 56 * i)
            inline |= bool(flags & FIEMAP_INLINE)
            pieces.append((off, phys, length,
                           "unwritten" if flags & FIEMAP_UNWRITTEN else "written"))
            start = off + length
        if flags & FIEMAP_LAST:
            return ([], True) if inline else (pieces, False)


def past_eof(fd, size):
    """What a map of the last page shows past EOF."""
    inside = size % PAGE
    if not inside:
        return b""
    at = libc.mmap(None, PAGE, mmap.PROT_READ, mmap.MAP_SHARED, fd, size - inside)
    if at in (None, ctypes.c_void_p(-1).value):
        raise OSError(ctypes.get_errno(), "mmap")
    data = ctypes.string_at(at + inside, PAGE - inside)
    libc.munmap(at, PAGE)
    return data


class Look:
    """One file as it is shown."""

    def __init__(self, path):
        fd = os.open(path, os.O_RDONLY)
        stat = os.fstat(fd)
        self.ino, self.size, self.sectors = stat.st_ino, stat.st_size, stat.st_blocks
        self.pieces, self.inline = fiemap(fd)
        self.past = past_eof(fd, self.size)
        self.content = read_content(fd, self.size)
        os.close(fd)

    def states(self):
        """[offset, end, state]: the map without places."""
        out = []
        for off, _, length, state in self.pieces:
            if out and out[-1][1] == off and out[-1][2] == state:
                out[-1][1] = off + length
            else:
                out.append([off, off + length, state])
        return out

    def blocks(self, bs):
        """{block: state}"""
        return {block: state for off, _, length, state in self.pieces
                for block in range(off // bs, (off + length) // bs)}

    def places(self):
        """[offset, physical, length, state], merged as far as it goes."""
        out = []
        for off, phys, length, state in self.pieces:
            if out and out[-1][0] + out[-1][2] == off and out[-1][1] + out[-1][2] == phys and \
                    out[-1][3] == state:
                out[-1][2] += length
            else:
                out.append([off, phys, length, state])
        return out

    def mapped(self):
        return sum(piece[2] for piece in self.pieces)

    def at(self, offset):
        """Where the byte is stored, and in which state; None: nowhere."""
        for off, phys, length, state in self.pieces:
            if off <= offset < off + length:
                return phys + offset - off, state
        return None

    def is_written(self, offset):
        place = self.at(offset)
        return bool(place) and place[1] == "written"


def look_all(where, names, lenient=False):
    """The files by name; None where LENIENT and the kernel does not show one."""
    looks = {}
    for name in names:
        try:
            looks[name] = Look(os.path.join(where, name))
        except OSError:
            if not lenient:
                raise
            looks[name] = None
    return looks
