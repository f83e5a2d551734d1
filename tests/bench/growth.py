#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Twice the work in at most 2.3 times the time: one row each, with the memory it took. See README.md.

growth.py [--quick]     with a tenth of the work; the small figures say little
"""
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile

E4ZERO = os.path.abspath(os.environ.get("E4ZERO") or "e4zero")
FACTOR = 2.3
PUNCH = 1 | 2  # FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]


def mkfs(image, size, *options):
    with open(image, "wb") as f:
        f.truncate(size)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-E", "nodiscard", *options, image], check=True,
                   stderr=subprocess.DEVNULL)


class Mounted:
    """The image mounted in m, and unmounted whatever happens."""

    def __init__(self, image):
        self.image = image

    def __enter__(self):
        os.makedirs("m", exist_ok=True)
        subprocess.run(["mount", "-o", "loop", self.image, "m"], check=True)

    def __exit__(self, *error):
        subprocess.run(["sync", "-f", "m"], check=True)
        subprocess.run(["umount", "m"], check=True)
        # a mount namespace that somebody made meanwhile holds the old one
        subprocess.run(["cp", "--sparse=always", self.image, "copy"], check=True)
        os.replace("copy", self.image)


def make_files(image, count, block, *options):
    mkfs(image, 2 << 30, "-b", str(block), "-N", str(count + 2000), *options)
    with Mounted(image):
        for k in range(count):
            if k % 1000 == 0:
                os.mkdir("m/d%d" % (k // 1000))
            with open("m/d%d/f%d" % (k // 1000, k), "wb") as f:
                f.write(b"x" * 3000)


def files(count):
    make_files("image", count, 4096)
    with open("script", "w", encoding="ascii") as f:
        f.writelines("truncate /d%d/f%d 50\n" % (k // 1000, k) for k in range(count))
    return ["--script", "script", "--split", "-q", "image"]


def orphans(count):
    """Their sizes were set by a truncate that a crash cut short; the list goes through all of them."""
    make_files("image", count, 1024)
    last, commands = 0, []
    for ino in inodes_of_files("image"):
        commands += ["sif <%d> size 100" % ino, "sif <%d> dtime @%d" % (ino, last)]
        last = ino
    commands.append("ssv last_orphan %d" % last)
    subprocess.run(["debugfs", "-w", "-f", "-", "image"], input="\n".join(commands), text=True, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ["--fix", "-q", "image"]


def inodes_of_files(image):
    with Mounted(image):
        return [entry.stat().st_ino for folder in os.scandir("m") if folder.name.startswith("d")
                for entry in os.scandir(folder.path)]


def fragments(count):
    """All of 1 TiB is taken but for single blocks, every other one."""
    mkfs("image", 1 << 40, "-m", "0", "-N", "1000", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1")
    with Mounted("image"):
        with open("m/small", "wb") as f:
            f.write(b"x")
        with open("m/big", "wb") as f:
            at, step = 0, 1 << 34
            while step >= 4096:
                if libc.fallocate(f.fileno(), 0, at, step):
                    step //= 2
                else:
                    at += step
            for k in range(count + 10000):
                libc.fallocate(f.fileno(), PUNCH, (1000 + 2 * k) * 4096, 4096)
    return ["--allocate", "-o", "0", "-l", str(count * 4096), "-q", "image", "/small"]


def lines(count):
    make_files("image", 1000, 4096)
    with open("script", "w", encoding="ascii") as f:
        f.writelines("zero /d0/f%d %d 1\n" % (k % 7, k % 2999) for k in range(count))
    return ["--script", "script", "-q", "image"]


def flushes(count):
    """What can be seen stays dirty until the commit: only what was touched since the last flush may be visited."""
    make_files("image", count, 4096, "-J", "size=800")
    with open("script", "w", encoding="ascii") as f:
        f.writelines("truncate /d%d/f%d 50\nflush\n" % (k // 1000, k) for k in range(count))
    return ["--script", "script", "-q", "image"]


def commits(count):
    make_files("image", count, 4096)
    with open("script", "w", encoding="ascii") as f:
        f.writelines("truncate /d%d/f%d 50\n%s" % (k // 1000, k, "commit\n" if k % 10 == 9 else "") for k in range(count))
    return ["--script", "script", "-q", "image"]


# name, what makes the input and returns the arguments, N, and the memory that 2N may take in MiB
ROWS = (
    ("one operation on each of N files, --split", files, 50000, 256),
    ("--fix of N interrupted truncates", orphans, 50000, 512),
    ("allocation of N single blocks in 1 TiB", fragments, 50000, 128),
    ("a script of N lines", lines, 500000, 128),
    ("N files, a flush after each", flushes, 25000, 1024),
    ("N files, a commit after ten", commits, 25000, 64),
)


def run(arguments):
    """Seconds and MiB of one run."""
    child = subprocess.Popen([E4ZERO, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        sys.exit("growth: e4zero %s: status %#x" % (" ".join(arguments), status))
    if subprocess.run(["e2fsck", "-fn", "image"], check=False, stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode:
        sys.exit("growth: e2fsck has complaints after e4zero %s" % " ".join(arguments))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(make, count):
    arguments = make(count)
    seconds, mib = run(arguments)
    os.unlink("image")
    return seconds, mib


def main():
    if os.geteuid() != 0:
        print("growth: SKIP every row: needs root for its mounts", file=sys.stderr)
        return 77
    part = 10 if "--quick" in sys.argv[1:] else 1
    folder = tempfile.mkdtemp(prefix="e4zero-growth.", dir=os.environ.get("TMPDIR"))
    os.chdir(folder)
    print("%-44s %9s %8s %8s %6s %6s" % ("growth: CPU time of N and 2N", "N", "s", "s", "ratio", "MiB"))
    try:
        for name, make, count, most in ROWS:
            count //= part
            once, _ = measure(make, count)
            twice, mib = measure(make, 2 * count)
            good = twice <= FACTOR * once + 0.05 and mib <= most
            print("%-44s %9d %8.2f %8.2f %6.2f %6.0f  %s" % (
                name, count, once, twice, twice / once if once else 0, mib, "PASS" if good else "MISS"), flush=True)
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
