#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same edits by every installed tool, killed at each of its writes; the states that this leaves are counted.

usage: compare.py --e4zero PROGRAM --preload LIBRARY [--other NAME=PROGRAM]... [--json]

LIBRARY is tests/edit/faults/faulty.c, built as a shared object. The other PROGRAM is run as
PROGRAM punch IMAGE FILE OFFSET LENGTH and PROGRAM truncate IMAGE FILE SIZE.

A tool is killed before its first write, before its second, and so on. Of the states after a crash
these are the easiest for it, as no write is reordered or torn. Then the image is repaired as at
boot, by e2fsck -p, and examined by e2fsck -fn, by debugfs, and by e4zero --check.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BLOCK = 1024
BLOCKS = 300
PUNCH = (5 * BLOCK, 239 * BLOCK)
SIZE = 10001
GROWN = (BLOCKS + 2) * BLOCK
LIMIT = 60          # seconds per run of a tool


def quiet(argv, **how):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, timeout=LIMIT, **how)


def debugfs(image, *commands, write=False):
    script = "".join(command + "\n" for command in commands)
    subprocess.run(["debugfs"] + ["-w"] * write + ["-f", "-", image], input=script.encode(),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def content(image, name):
    """The contents of the file."""
    with tempfile.NamedTemporaryFile(dir=image.parent) as out:
        debugfs(image, "dump %s %s" % (name, out.name))
        return pathlib.Path(out.name).read_bytes()


# ---- the images ----


def pattern(blocks, seed):
    return b"".join(bytes((seed + i + j) % 255 + 1 for j in range(BLOCK)) for i in range(blocks))


def plain_image(work):
    """/data is in one extent, /other beside it. No byte is stale."""
    image = work / "plain"
    (work / "data").write_bytes(pattern(BLOCKS, 0))
    (work / "other").write_bytes(pattern(20, 7))
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", str(BLOCK), image, "16M"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    debugfs(image, "write %s data" % (work / "data"), "write %s other" % (work / "other"), write=True)
    return image


def many_image(work, plain):
    """/data is in 150 extents."""
    image = work / "many"
    shutil.copy(plain, image)
    debugfs(image, *("punch data %d %d" % (i, i) for i in range(1, BLOCKS, 2)), write=True)
    return image


def tail_image(work, plain):
    """/data ends in the middle of a block, and the bytes after its end are not zero."""
    image = work / "tail"
    shutil.copy(plain, image)
    debugfs(image, "sif data size %d" % ((BLOCKS - 1) * BLOCK + 100), write=True)
    return image


def waiting_image(work, plain):
    """/late is in the journal only, as after a crash; without the journal its blocks are free."""
    image, after = work / "waiting", work / "after"
    shutil.copy(plain, image)
    shutil.copy(plain, after)
    debugfs(after, "write %s late" % (work / "other"), write=True)
    old, new = image.read_bytes(), after.read_bytes()
    late = [int(n) for n in subprocess.run(
        ["debugfs", "-R", "blocks late", after], stdout=subprocess.PIPE, check=True,
        stderr=subprocess.DEVNULL).stdout.split()]
    changed = [n for n in range(len(old) // BLOCK)
               if old[n * BLOCK:][:BLOCK] != new[n * BLOCK:][:BLOCK] and n != 1]
    with open(image, "r+b") as out:
        for n in late:
            out.seek(n * BLOCK)
            out.write(new[n * BLOCK:][:BLOCK])
    changed = [n for n in changed if n not in late]
    (work / "log").write_bytes(b"".join(new[n * BLOCK:][:BLOCK] for n in changed))
    debugfs(image, "jo", "jw -b %s %s" % (",".join(map(str, changed)), work / "log"), "jc", write=True)
    return image


# ---- the tools ----


class Tool:
    """The commands of a tool for each edit; None: it cannot do that."""

    def __init__(self, name, punch=None, resize=None, scrub=None, mount=None):
        self.name = name
        self.edits = {"punch": punch, "scrub": scrub}
        if resize:
            self.edits["truncate"] = lambda i: resize(i, str(SIZE))
            self.edits["grow"] = lambda i: resize(i, str(GROWN))
        self.mount = mount


def tools(args):
    off, length = map(str, PUNCH)
    yield Tool("e4zero",
               punch=lambda i: [args.e4zero, "-q", "--punch-hole", "-o", off, "-l", length, i, "/data"],
               resize=lambda i, size: [args.e4zero, "-q", "--truncate", size, i, "/data"],
               scrub=lambda i: [args.e4zero, "-q", "--fix", "--all", "--only", "free", i])
    if shutil.which("debugfs"):
        last = (PUNCH[0] + PUNCH[1]) // BLOCK - 1
        debug = Tool("debugfs", punch=lambda i: ["debugfs", "-w", "-R", "punch data %d %d" % (
            PUNCH[0] // BLOCK, last), i])
        debug.edits["grow"] = lambda i: ["debugfs", "-w", "-R", "sif data size %d" % GROWN, i]
        yield debug
    if shutil.which("fuse2fs") and os.access("/dev/fuse", os.W_OK):
        yield Tool("fuse2fs", mount=lambda i, at: ["fuse2fs", "-f", i, at],
                   punch=lambda f: ["fallocate", "-p", "-o", off, "-l", length, f],
                   resize=lambda f, size: ["truncate", "-s", size, f])
    if shutil.which("zerofree"):
        yield Tool("zerofree", scrub=lambda i: ["zerofree", i])
    for name, program in args.other:
        yield Tool(name, punch=lambda i, p=program: [p, "punch", i, "/data", off, length],
                   resize=lambda i, size, p=program: [p, "truncate", i, "/data", size])


def call(tool, edit, image, preload, step):
    """The exit status of TOOL; None: it was killed at write number STEP."""
    env = dict(os.environ, LC_ALL="C", LD_PRELOAD=str(preload), FAULTY_FILE=str(image),
               FAULTY_STEP=str(step), FAULTY_KILL="1")
    if not tool.mount:
        rc = quiet(tool.edits[edit](str(image)), env=env).returncode
        return None if rc == -signal.SIGKILL else rc
    at = image.with_suffix(".mounted")
    at.mkdir(exist_ok=True)
    with subprocess.Popen(tool.mount(str(image), str(at)), env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        while server.poll() is None and not os.path.ismount(at):
            time.sleep(0.001)
        rc = quiet(tool.edits[edit](str(at / "data"))).returncode if server.poll() is None else 0
        quiet(["umount", "-l", at])
        return None if server.wait(LIMIT) == -signal.SIGKILL else rc


# ---- the states ----


class Count:
    def __init__(self):
        self.states = self.by_hand = self.neither = self.lost = self.stale = 0
        self.ends = ""  # a failure without being killed


def is_stale(image, e4zero):
    found = quiet([e4zero, "--check", "-q", image])
    if found.returncode not in (0, 4):
        raise RuntimeError("e4zero --check: " + found.stdout.decode(errors="replace"))
    return found.returncode == 4


def judge(image, old, others, count, new):
    """Count a state after a crash; /data may have the contents OLD or NEW."""
    count.states += 1
    boot = quiet(["e2fsck", "-p", image]).returncode
    if boot > 1 or quiet(["e2fsck", "-fn", image]).returncode:
        count.by_hand += 1
        if quiet(["e2fsck", "-fy", image]).returncode & 8:  # its superblock is lost
            quiet(["e2fsck", "-fy", "-b", str(8 * BLOCK + 1), "-B", str(BLOCK), image])
    count.neither += content(image, "data") not in (old, new)
    count.lost += any(content(image, name) != want for name, want in others.items())


def compare(tool, edit, base, args):
    """Kill TOOL at each of its writes in turn, until a run completes."""
    image = base.with_suffix(".work")
    shutil.copy(base, image)
    quiet(["e2fsck", "-p", image])
    old = content(image, "data")
    others = {"other": content(image, "other")}
    if base.name == "waiting":
        others["late"] = others["other"]
    new = {"punch": old[:PUNCH[0]] + bytes(PUNCH[1]) + old[PUNCH[0] + PUNCH[1]:],
           "truncate": old[:SIZE], "grow": old.ljust(GROWN, b"\0"), "scrub": old}[edit]
    was_stale = is_stale(image, args.e4zero)
    count = Count()
    rc = None
    while rc is None:
        shutil.copy(base, image)
        rc = call(tool, edit, image, args.preload, count.states + 1)
        if rc is not None and content(image, "data") != new:
            count.ends = "refuses it" if rc else "wrong even when not killed"
        judge(image, old, others, count, new)
        count.stale += not was_stale and is_stale(image, args.e4zero)
    return count


EDITS = (("punch", "plain", "a hole of 239 blocks in a file of one extent"),
         ("punch", "many", "the same in a file of 150 extents"),
         ("truncate", "plain", "the file cut in the middle of a block"),
         ("grow", "tail", "a file with stale bytes after its end, made longer"),
         ("scrub", "many", "free blocks zeroed"),
         ("scrub", "waiting", "free blocks zeroed, with a log that waits for its replay"))
HEAD = ("tool", "states", "repair by hand", "neither old nor new", "other files lost", "stale bytes")


def table(rows):
    yield "| %s |" % " | ".join(HEAD)
    yield "|---|" + "--:|" * (len(HEAD) - 1)
    for name, count in rows:
        yield "| %s | %d | %d | %d | %d | %d |" % (
            name + (count.ends and ": " + count.ends), count.states, count.by_hand,
            count.neither, count.lost, count.stale)


def pair(text):
    name, _, program = text.partition("=")
    if not program:
        raise argparse.ArgumentTypeError("NAME=PROGRAM")
    return name, program


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1][7:])
    parser.add_argument("--e4zero", required=True)
    parser.add_argument("--preload", required=True, type=pathlib.Path)
    parser.add_argument("--other", action="append", type=pair, default=[])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    said, bad = [], False
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        plain = plain_image(work)
        bases = {"plain": plain, "many": many_image(work, plain), "tail": tail_image(work, plain),
                 "waiting": waiting_image(work, plain)}
        for edit, base, title in EDITS:
            rows = [(tool.name, compare(tool, edit, bases[base], args)) for tool in tools(args)
                    if tool.edits.get(edit)]
            ours = dict(rows)["e4zero"]
            bad |= bool(ours.by_hand or ours.neither or ours.lost or ours.stale)
            said.append({"edit": title, "tools": {name: vars(count) for name, count in rows}})
            if not args.json:
                print("### %s\n\n%s\n" % (title[0].upper() + title[1:], "\n".join(table(rows))), flush=True)
    if args.json:
        print(json.dumps(said, indent=1))
    return bad


if __name__ == "__main__":
    sys.exit(main())
