# SPDX-License-Identifier: GPL-2.0-or-later
"""Uses a mounted file system: everything that it can hold is made, and a part of it removed again."""

import errno
import fcntl
import os
import socket
import stat
import struct

from canary import live
from layouts import KEEP_SIZE, PUNCH_HOLE
from mounted import fallocate

COLLAPSE, ZERO, INSERT = 0x08, 0x10, 0x20
# what a layout may not have, and no room
LACKS = (errno.EOPNOTSUPP, errno.ENOSPC, errno.EINVAL, errno.ENOTTY, errno.E2BIG, errno.ERANGE, errno.EFBIG, errno.EPERM,
         errno.EMLINK, errno.ENAMETOOLONG)


ADD_KEY, SET_POLICY = 0xC0506617, 0x800C6613  # FS_IOC_ADD_ENCRYPTION_KEY, FS_IOC_SET_ENCRYPTION_POLICY
KEY = bytes(range(64))


def unlock(where):
    """Give the kernel the key of what is encrypted: its identifier, or None where nothing can be."""
    fd, said = os.open(where, os.O_RDONLY), bytearray(struct.pack("=II32xII32x", 2, 0, len(KEY), 0) + KEY)
    try:
        fcntl.ioctl(fd, ADD_KEY, said)
        return bytes(said[8:24])
    except OSError as err:
        if err.errno not in LACKS:
            raise
        return None
    finally:
        os.close(fd)


def put(path, body):
    with open(path, "wb") as f:
        f.write(body)


def attempt(function, *arguments, **named):
    """Is it done? False where the layout has no such thing."""
    try:
        function(*arguments, **named)
        return True
    except OSError as err:
        if err.errno not in LACKS:
            raise
        return False


class Use:
    """Of the file system mounted at WHERE, with blocks of BS bytes. make(), then remove()."""

    def __init__(self, where, secrets, bs, names=400):
        self.where, self.secrets, self.bs, self.names = where, secrets, bs, names
        self.removals, self.count = [], 0

    def path(self, *names):
        return os.path.join(self.where, *names)

    def keep(self, *directory):
        self.count += 1
        return self.path(*directory, live(self.count))

    def lose(self, what, *directory, longer=0):
        name = self.secrets.word("the name of " + what)
        path = self.path(*directory, name + (self.secrets.text("the end of a name", longer) if longer else ""))
        self.removals.append((os.unlink, path))
        return path

    def sizes(self):
        return 0, 1, 50, 100, 150, self.bs - 1, self.bs, 10000, 13 * self.bs + 5, 300000

    def files(self):
        os.mkdir(self.path("FILES"))
        for size in self.sizes():
            put(self.keep("FILES"), live(size, size).encode())
            put(self.lose("a file of %d" % size, "FILES"), self.secrets.body("content of %d" % size, size))
            self.cut(size)
        self.replaced()
        self.ranges()
        self.fragmented()

    def cut(self, size):
        """A file whose end is a secret, and goes."""
        path = self.keep("FILES")
        put(path, live(size, size).encode() + self.secrets.body("cut off at %d" % size, 2 * self.bs + 333))
        self.removals.append((os.truncate, path, size))

    def replaced(self):
        """Names that another file gets; a name that goes while its file stays."""
        for size in 100, 20000:
            old, new = self.keep("FILES"), self.keep("FILES")
            put(old, self.secrets.body("replaced by rename", size))
            put(new, live(size, size).encode())
            self.removals.append((os.replace, new, old))
            secret = self.path("FILES", self.secrets.word("a name before a rename"))
            put(secret, live(size, size).encode())
            self.removals.append((os.rename, secret, self.keep("FILES")))
            attempt(os.link, old, self.lose("a hard link", "FILES"))

    def ranges(self):
        bs = self.bs
        for mode in PUNCH_HOLE | KEEP_SIZE, ZERO, ZERO | KEEP_SIZE, COLLAPSE:
            path = self.keep("FILES")
            put(path, live(mode, 4 * bs).encode() + self.secrets.body("fallocate %d" % mode, 8 * bs) + live(mode, 3 * bs).encode())
            self.removals.append((self.allocate, path, mode, 4 * bs, 8 * bs))
            path = self.keep("FILES")
            put(path, live(mode, 100).encode() + self.secrets.body("fallocate of parts %d" % mode, 3 * bs - 100))
            self.removals.append((self.allocate, path, PUNCH_HOLE | KEEP_SIZE, 100, 3 * bs - 100))
        for mode in 0, KEEP_SIZE:
            path = self.keep("FILES")
            put(path, live(mode, 100).encode())
            self.allocate(path, mode, bs, 30 * bs)

    def allocate(self, path, mode, off, length):
        fd = os.open(path, os.O_RDWR)
        try:
            if not attempt(self.try_fallocate, fd, mode, off, length) and mode:
                os.ftruncate(fd, off)  # what the file cannot have in another way, goes in this
        finally:
            os.close(fd)

    @staticmethod
    def try_fallocate(fd, mode, off, length):
        if not fallocate(fd, mode, off, length):
            raise OSError(errno.EOPNOTSUPP, "fallocate")

    def fragmented(self):
        """Trees with many entries, which become small; one that goes as a whole."""
        for step, path, removal in ((2, self.keep("FILES"), (os.truncate, 5 * self.bs)), (3, self.keep("FILES"), None),
                                    (2, self.lose("a wide tree", "FILES"), None)):
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            for i in range(200):
                at = i * step * self.bs
                body = live(i, self.bs).encode()
                if not (removal is None and "KEPT" in path) and i >= 5:
                    body = self.secrets.body("a piece of a tree", self.bs)
                os.pwrite(fd, body, at)
                if i % 50 == 0:
                    os.fsync(fd)
            os.close(fd)
            if removal:
                self.removals.append((removal[0], path, removal[1]))

    def directories(self):
        """Linear and with a hash tree, small enough for the inode, with long names, and one that is removed."""
        for name, count in ("LINEAR", 12), ("INLINE", 3), ("TREE", self.names):
            os.mkdir(self.path(name))
            gone = self.path(self.secrets.word("the name of a directory"))
            os.mkdir(gone)
            self.names_in(name, count)
            for i in range(count):
                put(os.path.join(gone, self.secrets.word("name in a removed directory")), b"")
            self.removals.append((self.remove_all, gone))
        deep = self.path("DEEP")
        for i in range(8):
            os.mkdir(deep)
            put(os.path.join(deep, live(i)), b"")
            deep = os.path.join(deep, live(i + 100))

    def names_in(self, directory, count):
        for i in range(count):
            length = (0, 40, 150)[i % 3] if count > 20 else 0
            put(self.path(directory, live(1000 + i) + (live(i, length) if length else "")), b"")
            put(self.lose("a name in " + directory, directory, longer=length), b"")

    @staticmethod
    def remove_all(directory):
        for entry in list(os.scandir(directory)):
            os.unlink(entry.path)
        os.rmdir(directory)

    def links(self):
        os.mkdir(self.path("LINKS"))
        for length in 5, 40, 59, 60, 61, 100, 170, min(self.bs - 1, 1500):
            attempt(os.symlink, live(length, length), self.keep("LINKS"))
            attempt(os.symlink, self.secrets.text("target of %d" % length, length), self.lose("a link", "LINKS"))
            if not os.path.lexists(self.removals[-1][1]):
                self.removals.pop()

    def special(self):
        os.mkdir(self.path("SPECIAL"))
        for path in self.keep("SPECIAL"), self.lose("a fifo", "SPECIAL"):
            os.mkfifo(path)
        for path in self.keep("SPECIAL"), self.lose("a device", "SPECIAL"):
            os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        for path in self.keep("SPECIAL"), self.lose("a large device", "SPECIAL"):
            os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(300, 70000))
        here = os.open(".", os.O_RDONLY)
        for path in self.keep("SPECIAL"), self.lose("a socket", "SPECIAL"):
            os.chdir(os.path.dirname(path))
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(os.path.basename(path))
            os.fchdir(here)
        os.close(here)

    def attributes(self):
        """Values in the inode, in a block, in an inode of their own; some go, some are replaced."""
        os.mkdir(self.path("ATTRIBUTES"))
        for length in 1, 30, 70, 400, self.bs // 2, self.bs - 200, 3 * self.bs, 20000:
            kept, lost = self.keep("ATTRIBUTES"), self.lose("a file with attributes", "ATTRIBUTES")
            other = self.keep("ATTRIBUTES")
            for path in kept, lost, other:
                put(path, b"")
            self.attribute(kept, "user." + live(length), live(length, length).encode())
            self.attribute(lost, "user." + self.secrets.word("name of an attribute"), self.secrets.body("value", length))
            for path in other, lost:  # a block for both
                self.attribute(path, "user." + live(9), live(length, length).encode())
            self.changes(kept, length)
            self.changes(other, length)

    def changes(self, path, length):
        name, second = ("user." + self.secrets.word("name of an attribute") for _ in range(2))
        if self.attribute(path, name, self.secrets.body("value", length)):
            self.removals.append((os.removexattr, path, name))
        if self.attribute(path, "user.AGAIN", self.secrets.body("value that is replaced", length)):
            self.removals.append((self.attribute, path, "user.AGAIN", b"SHORT"))
        if self.attribute(path, "trusted." + second[5:], self.secrets.body("trusted value", 20)):
            self.removals.append((os.removexattr, path, "trusted." + second[5:]))

    @staticmethod
    def attribute(path, name, value):
        return attempt(os.setxattr, path, name, value, follow_symlinks=False)

    def encrypted(self):
        """Names, targets and contents that only the key shows; the secrets are none on the disk."""
        key = unlock(self.where)
        if not key:
            return
        os.mkdir(self.path("ENCRYPTED"))
        fd = os.open(self.path("ENCRYPTED"), os.O_RDONLY)
        fcntl.ioctl(fd, SET_POLICY, struct.pack("=5B3x16s", 2, 1, 4, 3, 0, key))
        os.close(fd)
        self.names_in("ENCRYPTED", 120)
        for size in 0, 1, 100, self.bs, 20000:
            put(self.keep("ENCRYPTED"), live(size, size).encode())
            put(self.lose("an encrypted file", "ENCRYPTED"), self.secrets.body("encrypted content", size))
            os.symlink(live(size, 5 + size % 190), self.keep("ENCRYPTED"))
            os.symlink(live(size, 5 + size % 190), self.lose("an encrypted link", "ENCRYPTED"))

    def unlinked(self):
        """A file that never has a name, and one that has none any more while it is written."""
        try:
            fd = os.open(self.where, os.O_RDWR | os.O_TMPFILE, 0o600)
        except OSError:
            fd = os.open(self.path("GONE"), os.O_RDWR | os.O_CREAT)
            os.unlink(self.path("GONE"))
        os.write(fd, self.secrets.body("content of a file without a name", 5 * self.bs + 7))
        os.fsync(fd)
        os.close(fd)

    def held(self):
        """What is deleted, and still open."""
        held = []
        for size in 0, 50, 5000, 200000:
            path = self.path(self.secrets.word("name of an open file"))
            put(path, self.secrets.body("content of an open file", size))
            self.attribute(path, "user." + self.secrets.word("an attribute"), self.secrets.body("its value", size // 10 + 5))
            held.append(os.open(path, os.O_RDONLY))
            os.sync()
            os.unlink(path)
        os.mkdir(self.path("HELD"))
        held.append(os.open(self.path("HELD"), os.O_RDONLY))
        os.rmdir(self.path("HELD"))
        return held

    def make(self):
        self.files()
        self.directories()
        self.links()
        self.special()
        self.attributes()
        self.encrypted()
        self.unlinked()

    def remove(self):
        unlock(self.where)
        for function, *arguments in self.removals:
            function(*arguments)
        self.removals = []


def use_again(where, bs):
    """After the fix: names come and go, space is used up, an orphan is made and cleared."""
    tree = os.path.join(where, "TREE")
    before = set(os.listdir(tree))
    for i in range(300):
        put(os.path.join(tree, "NEW-%d" % i), live(i, i * 7).encode())
    if set(os.listdir(tree)) - before != {"NEW-%d" % i for i in range(300)}:
        raise AssertionError("names are lost")
    for i in range(0, 300, 2):
        os.unlink(os.path.join(tree, "NEW-%d" % i))
    with open(os.path.join(where, "NEW"), "w+b") as f:
        try:
            for i in range(4000):
                f.write(live(i, 4096).encode())
            f.flush()
        except OSError as err:
            if err.errno != errno.ENOSPC:
                raise
        os.unlink(f.name)
    os.setxattr(os.path.join(tree, "NEW-1"), "user.NEW", b"N" * 100)
    os.symlink("N" * 200, os.path.join(where, "NEWLINK"))
    os.makedirs(os.path.join(where, "NEWDIR", "SUB"))
