# SPDX-License-Identifier: GPL-2.0-or-later
"""Crashes that a mounted ext4 really has, and what comes to light after them.

usage: natural.py E4ZERO SEED FILES BLOCK-SIZE [MKE2FS-ARGUMENTS...]

Nothing is written behind the file system's back. Files are appended to, their data reaches the disk and their size
does not, and the device is copied while mounted: the first crash. The kernel replays a copy, with --fix and without,
and each file is appended to once more, or written to behind its EOF, directly, or made longer; the device is copied
again: the second crash. A byte of the lost first append that a file shows then is an exposed one.
"""

import ctypes
import mmap
import os
import random
import shutil
import sys

from mounted import Failed, Mounted, libc, look_all, run

libc.sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
OLD, LOST, NEW = b"A", b"B", b"C"  # fsynced; appended, and its size lost; appended after the first crash
WAIT_WRITE_WAIT = 7


def data_to_disk(fd):
    if libc.sync_file_range(fd, 0, 0, WAIT_WRITE_WAIT):
        raise OSError(ctypes.get_errno(), "sync_file_range")


def commit(where):
    """A transaction is forced by the fsync of a file of its own."""
    fd = os.open(os.path.join(where, "other"), os.O_RDWR | os.O_CREAT, 0o644)
    os.write(fd, b"x")
    os.fsync(fd)
    os.close(fd)


def crash(mounted_image, copy):
    run("cp", "--sparse=always", mounted_image, copy)


def first_crash(image, names, dice, bs):
    """{name: size that survives}; image.crash is what the disk has."""
    sizes, fds = {}, []
    with Mounted(image, "mnt", "commit=600,nodelalloc") as where:
        for name in names:
            fd = os.open(os.path.join(where, name), os.O_RDWR | os.O_CREAT, 0o644)
            sizes[name] = bs * dice.randrange(3) + dice.randrange(1, bs - 600)
            os.write(fd, OLD * sizes[name])
            os.fsync(fd)
            fds.append(fd)
        commit(where)
        for fd in fds:
            os.write(fd, LOST * dice.randrange(200, 500))
            data_to_disk(fd)
        crash(image, "crash")
        for fd in fds:
            os.close(fd)
    return sizes


def recovered(image, names):
    """What the kernel finds after its own replay."""
    with Mounted(image, "mnt", "ro") as where:
        return look_all(where, names)


def a_first_crash(image, names, seed, bs, mkfs):
    """The same of a new image, until no sync(2) of anybody else on this host came in between and saved the sizes."""
    for _ in range(5):
        with open(image, "wb") as f:
            f.truncate(64 << 20)
        run("mke2fs", "-q", "-F", "-b", str(bs), "-E", "lazy_itable_init=0,lazy_journal_init=0", *mkfs, image)
        sizes = first_crash(image, names, random.Random(seed), bs)
        shutil.copyfile("crash", "probe")
        looks = recovered("probe", names)
        if all(looks[name].size == size for name, size in sizes.items()):
            return sizes
    raise Failed("five times somebody committed what was to be lost")


def expose(path, size, how, bs):
    """One of the ways in which the kernel may show what is past EOF: no byte of LOST is written."""
    fd = os.open(path, os.O_RDWR | (os.O_DIRECT if how == "direct" else 0))
    if how == "append":
        os.pwrite(fd, NEW * 600, size)
    elif how == "direct":
        block = mmap.mmap(-1, 4096)
        block[:] = NEW * 4096
        os.pwritev(fd, [block], -(-size // 4096) * 4096)
    elif how == "beyond":
        os.pwrite(fd, NEW * 10, size + 2 * bs)
    else:
        os.ftruncate(fd, size + 2 * bs)
    return fd


def second_crash(image, copy, sizes, bs):
    """The chain of everyday operations; a copy of the disk while they are not done."""
    fds = []
    with Mounted(image, "mnt", "commit=600") as where:
        for n, (name, size) in enumerate(sizes.items()):
            fds.append(expose(os.path.join(where, name), size, ("append", "direct", "beyond", "grow")[n % 4], bs))
        # the sizes are committed; the data of a contiguous append is not on the disk
        commit(where)
        crash(image, copy)
        for fd in fds:
            os.close(fd)


def fsck(image, allowed):
    run("e2fsck", "-fy", image, status=allowed)
    run("e2fsck", "-fn", image)


def shown(image, names):
    """How many bytes of LOST the files show, and how many not zero a map of the last pages shows past EOF."""
    with Mounted(image, "mnt", "ro") as where:
        looks = look_all(where, names)
        inside = 0
        for name in names:
            with open(os.path.join(where, name), "rb") as f:
                inside += f.read().count(LOST)
    return inside, sum(len(look.past) - look.past.count(0) for look in looks.values())


def chain(image, sizes, bs, e4zero=None):
    """What is exposed: past EOF after the first crash; in the files, and past EOF, after the second."""
    if e4zero:
        run(e4zero, "--fix", image)
        run("e2fsck", "-fn", image)
        run(e4zero, "--check", image)
    else:
        fsck(image, (0, 1))
    looks = recovered(image, sizes)
    for name, size in sizes.items():
        if looks[name].size != size:
            raise Failed("%s has %d bytes, and %d were synced" % (name, looks[name].size, size))
    behind = sum(len(look.past) - look.past.count(0) for look in looks.values())
    second_crash(image, "second", sizes, bs)
    # the second crash as others repair it: this is about what the first one left
    fsck("second", (0, 1))
    inside, again = shown("second", sizes)
    return behind, inside, again


def main():
    e4zero, seed, count, bs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    names = ["f%d" % n for n in range(count)]
    os.mkdir("mnt")
    sizes = a_first_crash("image", names, seed, bs, sys.argv[5:])
    shutil.copyfile("crash", "fixed")
    plain, fixed = chain("crash", sizes, bs), chain("fixed", sizes, bs, e4zero)
    print("natural %d seed %d: files %d, behind EOF without --fix %d, in files %d" % (bs, seed, count, *plain[:2]))
    if not plain[0] or not plain[1]:
        raise Failed("nothing is exposed without --fix: this proves nothing")
    if fixed[0] or fixed[1]:
        raise Failed("after --fix %d bytes are shown behind EOF, %d in files" % fixed[:2])


if __name__ == "__main__":
    try:
        main()
    except Failed as why:
        sys.exit("FAILED: %s" % why)
