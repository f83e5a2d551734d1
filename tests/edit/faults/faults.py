#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command once for each thing that can fail in it, and judges what is left of the image.

    faults.py [options] IMAGE E4ZERO-ARGUMENTS...

IMAGE is copied to ./work, which the arguments name. E4ZERO is the program, FAULTY what is preloaded into it (faulty.c),
JUDGE tests/crash/crash-states. --between names an image as it is between two transactions.

Exit 8 and not one byte changed, or 12 and, once it is replayed, a sound file system in a state between the one before
and the one after, in which --check reports nothing that it did not report before: that is what is held, and that there is
one sentence which ends with the reason and, with 12, says how to go on. With --ordered such reports are counted. Of kind
"kill" the program does not live to say it. With --fix --all, run once more, a check of everything finds nothing.
"""
import argparse
import collections
import filecmp
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys

E4ZERO, FAULTY, JUDGE = (os.environ[name] for name in ("E4ZERO", "FAULTY", "JUDGE"))
MEMORY = ("Cannot allocate memory", "Memory allocation failed")
REASONS = {5: ("Input/output error", "cannot be read"), 28: ("No space left on device",)}

parser = argparse.ArgumentParser()
parser.add_argument("--between", action="append", default=[], help="an image between two transactions")
parser.add_argument("--ordered", action="store_true", help="bytes that are changed may be old or new")
parser.add_argument("--again", action="store_true",
                    help="any state, and exit 4 as well: no file changes, and the second run ends it")
parser.add_argument("--kinds", default="read write full alloc")
parser.add_argument("--most", type=int, default=0, help="as many of each kind, spread over all; 0: all")
parser.add_argument("--first", type=int, default=0, help="which of them come first")
parser.add_argument("image")
parser.add_argument("words", nargs=argparse.REMAINDER)
o = parser.parse_args()
mode = " ".join(o.words)
counts = collections.Counter()


class Wrong(Exception):
    """Something is not as it must be."""


def fail(what):
    raise Wrong(what)


def run(env, words):
    """The exit status, standard output and error of e4zero, the steps, reads and allocations that it took."""
    # libseccomp 2.5 crashes, or never ends, where its own allocations fail
    sandbox = ["--sandbox", "off"] if "FAULTY_ALLOC" in env else []
    done = subprocess.run([E4ZERO] + sandbox + words, capture_output=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, "LD_PRELOAD": FAULTY, "FAULTY_FILE": "work", "FAULTY_COUNT": "count", **env})
    if done.returncode == -signal.SIGKILL and "FAULTY_KILL" in env:
        return done.returncode, done.stdout, "", None
    if done.returncode < 0:
        fail("%s: %s" % (env, signal.Signals(-done.returncode).name))
    with open("count") as f:
        counted = list(map(int, f.read().split()))
    note = os.environ.get("LOOP_NOTE")
    said = [line for line in done.stderr.decode().splitlines(True) if not note or note not in line]
    return done.returncode, done.stdout, "".join(said), counted


def plain(words):
    done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def files(image):
    """What every file holds."""
    shutil.rmtree("files", ignore_errors=True)
    os.mkdir("files")
    plain(["debugfs", "-R", "rdump / files", image])
    found = {}
    for folder, _, names in os.walk("files"):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    found[path] = f.read()
    return found


def reported(image):
    """What a check reports: the bytes that are not zero, for each inode and kind."""
    rc, text = plain([E4ZERO, "--check", "--json", image])
    if rc not in (0, 4):
        fail("--check: %d: %s" % (rc, text))
    found = collections.Counter()
    for line in map(json.loads, text.splitlines()):
        if line["type"] == "finding":
            found[line["ino"], line["kind"]] += line["nonzero"]
    return found


def new_reports(now, was):
    """Those of NOW that WAS does not account for."""
    def accounts(ino, kind, nonzero):
        kinds = {kind, "pending-truncate"} | ({"post-eof-data"} if kind == "post-eof-zero" else set())
        return any((ino, k) in was for k in kinds) and nonzero <= sum(was[ino, k] for k in kinds)
    return [key for key, nonzero in now.items() if not accounts(*key, nonzero)]


class State:
    """An image that has been replayed."""

    def __init__(self, image):
        rc, said = plain([JUDGE, "--verify", image])
        if rc:
            fail("not sound: " + said)
        self.meta, self.all = said.splitlines()[0].split()[-2:]
        rc, said = plain(["e2fsck", "-fn", image])
        if rc:
            fail("e2fsck -fn: " + said)
        self.reported = reported(image)


def old_or_new(image, states):
    """Each file has a size that it had, and each of its bytes is one that it had."""
    now, were = files(image), [files(s) for s in states]
    for name in now:
        data = [w.get(name, b"") for w in were]
        if len(now[name]) not in map(len, data):
            return False
        if now[name] in data:
            continue
        for i, byte in enumerate(now[name]):
            if byte not in [d[i] if i < len(d) else 0 for d in data]:
                return False
    return True


shutil.copyfile(o.image, "work")
status, report, said, totals = run({}, o.words)
if status or said:
    fail("nothing fails, and it leaves with %d: %s" % (status, said))
shutil.copyfile("work", "after")
if "alloc" in o.kinds:
    shutil.copyfile(o.image, "work")
    totals = totals[:2] + run({"FAULTY_ALLOC": "0"}, o.words)[3][2:]
# in the order in which they come to be
images = [o.image] + o.between + ["after"]
states = [State(image) for image in images]
if len(set(s.all for s in states)) != len(states):
    fail("it changes nothing")
before = files(o.image)
judged = {}


def judge():
    """./work, which was written to."""
    rc, text = plain([E4ZERO, "--replay", "work"])
    if rc:
        fail("--replay: " + text)
    now = State("work")
    new = new_reports(now.reported, states[0].reported)
    if new and not o.ordered:
        fail("a check reports %s, and did not before" % new)
    counts["with a stale byte of the edit"] += bool(new)
    if o.again:
        if files("work") != before:
            fail("a file is not what it was")
        rc, text = plain([E4ZERO] + o.words)
        if rc:
            fail("the second time: %d: %s" % (rc, text))
        if State("work").all != states[-1].all:
            fail("the second time does not end where the first would have")
        if "--all" in o.words:
            rc, text = plain([E4ZERO, "--check", "--all", "work"])
            if rc:
                fail("--check --all after the second time: %d: %s" % (rc, text))
        return "done later"
    for at, state in enumerate(states):
        if now.all == state.all or (o.ordered and now.meta == state.meta):
            if now.all != state.all and not old_or_new("work", images):
                fail("a byte is neither old nor new")
            return "before" if at == 0 else "after" if at == len(states) - 1 else "between"
    fail("neither before nor after")
    return None


def look(env, reasons):
    shutil.copyfile(o.image, "work")
    rc, out, err, took = run(env, o.words)
    # that something could not be found out is a note
    lines = [line for line in err.splitlines() if ": note: " not in line]
    if rc == 0:
        # it could do without
        # (a file whose name cannot be read is reported by its number)
        if lines or (out != report and not o.again) or State("work").all != states[-1].all:
            fail("%s: exit 0, but it is not done: %s" % (env, err))
        counts["exit 0"] += 1
        return
    killed = took is None
    left = killed or (o.again and rc == 4)
    if rc not in (8, 12) and not left:
        fail("%s: exit %d: %s" % (env, rc, err))
    parts = 2 if reasons == MEMORY else 3
    said, advice = (lines + [""])[0].partition("; ")[::2]
    if not left and (len(lines) != 1 or said.count(": ") < parts or not said.endswith(reasons) or
                     (rc == 12) != bool(advice)):
        fail("%s: exit %d: no clear sentence: %s" % (env, rc, err))
    if not killed and "FAULTY_STEP" in env and took[0] != int(env["FAULTY_STEP"]):
        fail("%s: something was done after the failure" % env)
    counts["killed" if killed else "exit %d" % rc] += 1
    if rc == 8:
        if not filecmp.cmp(o.image, "work", shallow=False):
            fail("%s: exit 8, but the image was changed" % env)
        return
    with open("work", "rb") as f:
        key = hashlib.sha1(f.read()).digest()
    if key not in judged:
        try:
            judged[key] = judge()
        except Wrong as wrong:
            raise Wrong("%s: exit %d: %s" % (env, rc, wrong)) from None
    counts[judged[key]] += 1


def attempt(env, reasons):
    try:
        look(env, reasons)
    except Wrong as wrong:
        counts["wrong"] += 1
        print("faults: %s: %s" % (mode, wrong), file=sys.stderr)
        if counts["wrong"] > 20:
            sys.exit(1)


def spread(total):
    """The numbers to try."""
    if not o.most or o.most >= total:
        return range(1, total + 1)
    return sorted({1 + (i * total // o.most + o.first * 7) % total for i in range(o.most)})


for kind in o.kinds.split():
    at = {"read": 1, "alloc": 2}.get(kind, 0)
    for n in spread(totals[at] + 1):
        counts[kind] += 1
        if kind == "read":
            attempt({"FAULTY_READ_STEP": str(n)}, REASONS[5])
        elif kind == "alloc":
            attempt({"FAULTY_ALLOC": str(n)}, MEMORY)
        elif kind == "kill":
            attempt({"FAULTY_STEP": str(n), "FAULTY_KILL": "1"}, ())
        else:
            error = 28 if kind == "full" else 5
            attempt({"FAULTY_STEP": str(n), "FAULTY_ERRNO": str(error)}, REASONS[error])
said = ", ".join("%d %s" % (n, what) for what, n in sorted(counts.items()))
print("%s: %s; %d images judged" % (mode, said, len(judged)))
sys.exit(counts["wrong"] > 0)
