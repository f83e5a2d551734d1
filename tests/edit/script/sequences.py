#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts of operations against a flat array of bytes.

    sequences.py E4ZERO IMAGE BLOCK-SIZE UNIT SEED STEPS KIND WAYS

IMAGE has /a and /b; KIND is extents or indirect; UNIT bytes is what collapse and insert must be multiples of. Of the
six ways, the policies and the data modes, WAYS are tried with each script, on copies; all of them must hold what the
model holds, and e2fsck must be silent. Between scripts bytes past EOF are polluted.
"""
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../props"))
from content import Content
from ops import Chooser, wrong

e4zero, image, bs, unit, seed, steps, kind, tried = sys.argv[1:9]
bs, unit, seed, steps, tried = int(bs), int(unit), int(seed), int(steps), int(tried)
rng = random.Random("%d %d %s" % (seed, bs, kind))
chooser = Chooser(rng, bs, unit, 24 * bs)
WAYS = [(policy, data) for data in ("journal", "ordered") for policy in ("batch", "flush", "flush-always")]


def run(*words, status=0):
    done = subprocess.run(words, capture_output=True)
    if done.returncode != status:
        sys.exit(f"seed {seed}: {' '.join(words)}: {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def step(model, number):
    """A line of a script, and what it does to the model."""
    if rng.random() < 0.1:
        return "flush"
    name = rng.choice(sorted(model))
    op = chooser.op(model[name].size, kind == "extents")
    if wrong(op, model[name].size, unit, kind == "extents", 1 << 30) or model[name].size + op.len > 100 * unit:
        return "flush"
    host = f"bytes.{number}"
    with open(host, "wb") as file:
        file.write(op.data)
    op.apply(model[name])
    return " ".join(op.words(name, host))


def pollute(name, size):
    """Stale bytes past EOF, where its last block is written."""
    if size % bs == 0:
        return
    out = run("debugfs", "-R", f"bmap {name} {size // bs}", image).decode().split()
    block = int(out[-1]) if out and out[-1].isdigit() else 0
    if block:
        with open(image, "r+b") as file:
            file.seek(block * bs + size % bs)
            file.write(b"X" * (bs - size % bs))


def content(path, name):
    run("debugfs", "-R", f"dump {name} got", path)
    model = Content()
    with open("got", "rb") as file:
        model.write(0, file.read())
    return model


def judge(path, model, script, how):
    fsck = subprocess.run(["e2fsck", "-fn", path], capture_output=True, text=True)
    if fsck.returncode:
        sys.exit(f"seed {seed} {how}: e2fsck:\n{fsck.stdout}\nafter\n{script}")
    for name, wanted in model.items():
        why = content(path, name).difference(wanted)
        if why:
            sys.exit(f"seed {seed} {how}: {name}: {why} after\n{script}")


model = {name: content(image, name) for name in ("/a", "/b")}
for turn in range(3):
    script = "\n".join(step(model, f"{turn}.{i}") for i in range(steps)) + "\n"
    if rng.random() < 0.2:
        script = script.replace("flush\n", "commit\n", 1)
    with open("script", "w") as file:
        file.write(script)
    for way in range(tried):
        # a few of them are others in each turn
        policy, data = WAYS[(turn * tried + way + seed) % len(WAYS)]
        run("cp", "--sparse=always", image, "copy")
        run(e4zero, "-q", "--script", "script", "--policy", policy, "--data", data, "copy")
        judge("copy", model, script, f"{policy} {data}")
    run("cp", "--sparse=always", "copy", image)
    if not turn:
        # later the pollution may still be there: not every operation comes near it
        run(e4zero, "-q", "--check", image)
    for name, wanted in model.items():
        pollute(name, wanted.size)
print("ok")
