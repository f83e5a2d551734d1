#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An edit of an image behind an NBD server, and the states that a crash of the server can leave.

usage: crash.py E4ZERO IMAGE ARGUMENTS...     "+" among them stands for the image

The edit runs once through nbdkit, in front of backend.py, which logs the writes and flushes. The states follow from this
log: every prefix; and of the writes between two flushes all but one, each alone, and random subsets. After recovery each
state must show the file system before or after the edit, and no new stale bytes. Then the server dies at each request in
turn: exit 12 (also 8 at the first one), one message, and the prefix is left; the undo file restores the image.
"""
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FLUSH, ZEROES, WRITE = 3, 6, 1
RANDOM_STATES = 12
FILES = ("/clean", "/tail", "/past")
ENV = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "E2FSPROGS_FAKE_TIME": "1700000000"}


def run(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, env=ENV)


def wait_for(process, path):
    while not os.path.exists(path):
        if process.poll() is not None:
            sys.exit(f"{path}: the server has ended: {process.returncode}")


class Server:
    """backend.py, and with FRONT nbdkit before it; .uri is what to open."""

    def __init__(self, image, log, front, dies=-1):
        self.dir = tempfile.TemporaryDirectory(dir=".")
        back, shown = os.path.join(self.dir.name, "back"), os.path.join(self.dir.name, "front")
        argv = [sys.executable, "-S", os.path.join(HERE, "backend.py"), back, image, log, str(dies)]
        self.back = subprocess.Popen(argv, stdin=subprocess.PIPE)
        self.front = None
        wait_for(self.back, back)
        if front:
            pid = os.path.join(self.dir.name, "pid")
            self.front = subprocess.Popen(["nbdkit", "-f", "-P", pid, "-U", shown, "nbd", "socket=" + back],
                                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_for(self.front, pid)
        self.uri = "nbd+unix:///?socket=" + os.path.abspath(shown if front else back)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.front:
            self.front.terminate()
            self.front.wait()
        self.back.stdin.close()
        self.back.wait()
        self.dir.cleanup()


def read_log(name):
    with open(name, "rb") as f:
        data = f.read()
    at, ops = 0, []
    while at < len(data):
        op, off, length = struct.unpack_from(">BQI", data, at)
        at += 13
        body = data[at:at + length] if op == WRITE else bytes(length)
        at += length if op == WRITE else 0
        ops.append((op, off, body))
    return ops


def apply(image, ops):
    state = bytearray(image)
    for op, off, data in ops:
        if op != FLUSH:
            state[off:off + len(data)] = data
    return bytes(state)


def groups(ops):
    """Each group of writes without a flush in between, and all operations before it."""
    before, group = [], []
    for op in ops:
        if op[0] == FLUSH:
            yield before, group
            before, group = before + group, []
        else:
            group.append(op)
    yield before, group


def states(image, ops):
    """Distinct states, each with a description."""
    rng, seen = random.Random(1), set()
    for number, (before, group) in enumerate(groups(ops)):
        n = len(group)
        chosen = [("the first %d" % k, range(k)) for k in range(n + 1)]
        chosen += [("all but %d" % k, [i for i in range(n) if i != k]) for k in range(n)]
        chosen += [("only %d" % k, [k]) for k in range(n)]
        chosen += [("some", [i for i in range(n) if rng.random() < 0.5]) for _ in range(RANDOM_STATES if n > 3 else 0)]
        for what, some in chosen:
            state = apply(image, before + [group[i] for i in some])
            digest = hashlib.sha256(state).digest()
            if digest not in seen:
                seen.add(digest)
                yield f"group {number} of {n}, {what}", state


class Judge:
    def __init__(self, e4zero, image):
        self.e4zero = e4zero
        self.script = "".join(f"stat {name}\nex {name}\ncat {name}\n" for name in FILES) + "ls -l /\n"
        self.before = self.look(image)
        self.after = None

    def look(self, state):
        """The visible contents and the stale bytes of STATE after recovery."""
        with open("state", "wb") as f:
            f.write(state)
        done = run(self.e4zero, "--replay", "-q", "state")
        if done.returncode:
            return f"replay: exit {done.returncode}: {done.stderr}", None
        done = run("e2fsck", "-fn", "state")
        if done.returncode:
            return f"e2fsck: {done.returncode}: {done.stdout}", None
        shown = subprocess.run(["debugfs", "-f", "-", "state"], input=self.script.encode(), capture_output=True,
                               check=False, env=ENV).stdout
        done = run(self.e4zero, "--check", "--json", "state")
        stale = set()
        for line in done.stdout.splitlines():
            record = json.loads(line)
            if record["type"] == "finding" and record["nonzero"]:
                stale.add((record["path"], record["kind"], record["lblk"], record["nonzero"]))
        return shown, stale

    def verdict(self, state):
        shown, stale = self.look(state)
        if stale is None:
            return shown
        if shown not in (self.before[0], self.after[0]):
            return "neither as before nor as after"
        new = stale - self.before[1] - self.after[1]
        return f"new stale bytes: {new}" if new else None


def edit(e4zero, server, arguments):
    if os.path.exists("undo"):
        os.unlink("undo")
    return run(e4zero, *[server.uri if a == "+" else a for a in arguments])


def kill_at(e4zero, image, name, ops, arguments, k):
    """The server dies at request K: checks the exit status, the message and the state that is left."""
    front = k % 2 == 0
    with Server(name, "killed", front, dies=k) as server:
        done = edit(e4zero, server, arguments)
    said = done.stderr.decode().splitlines()
    if done.returncode != 12 and not (k == 0 and done.returncode == 8):
        return f"exit {done.returncode}: {said}"
    if len(said) != 1:
        return f"not one message: {said}"
    if apply(image, read_log("killed")) != apply(image, ops[:k]):
        return "the requests before it were others"
    if "--undo" in arguments and k:
        with open("state", "wb") as f:
            f.write(apply(image, ops[:k]))
        done = run(e4zero, "--undo-apply", "undo", "state")
        with open("state", "rb") as f:
            if done.returncode or f.read() != image:
                return f"it cannot be undone: exit {done.returncode}: {done.stderr.decode()}"
    return None


def main():
    e4zero, name, *arguments = sys.argv[1:]
    with open(name, "rb") as f:
        image = f.read()
    with Server(name, "log", True) as server:
        done = edit(e4zero, server, arguments)
    if done.returncode:
        sys.exit(f"{arguments}: exit {done.returncode}: {done.stderr.decode()}")
    ops, failed, count = read_log("log"), 0, 0
    judge = Judge(e4zero, image)
    judge.after = judge.look(apply(image, ops))
    if judge.before[1] is None or judge.after[1] is None:
        sys.exit(f"before or after: {judge.before[0]} {judge.after[0]}")
    if judge.before == judge.after:
        sys.exit("the edit changes nothing that the judge sees")
    for what, state in states(image, ops):
        count += 1
        wrong = judge.verdict(state)
        if wrong:
            failed += 1
            print(f"FAIL {' '.join(arguments)}: {what}: {wrong}")
    for k in range(len(ops)):
        count += 1
        wrong = kill_at(e4zero, image, name, ops, arguments, k)
        if wrong:
            failed += 1
            print(f"FAIL {' '.join(arguments)}: killed at request {k} of {len(ops)}: {wrong}")
    flushes = sum(op == FLUSH for op, _, _ in ops)
    print(f"{' '.join(arguments)}: {len(ops) - flushes} writes, {flushes} flushes, {count} states and deaths, "
          f"{failed} failed")
    sys.exit(1 if failed else 0)


main()
