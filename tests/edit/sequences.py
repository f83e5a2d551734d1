#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts of operations against a flat array of bytes.

    sequences.py E4ZERO IMAGE BLOCK-SIZE UNIT SEED STEPS KIND

IMAGE has /a and /b; KIND is extents or indirect; UNIT bytes is what collapse and insert must be multiples of. The
script is run under every policy and in both data modes, on copies; all of them must hold what the model holds, and
e2fsck must be silent. Between scripts bytes behind EOF are polluted.
"""
import os
import random
import subprocess
import sys

e4zero, image, bs, unit, seed, steps, kind = sys.argv[1:8]
bs, unit, seed, steps = int(bs), int(unit), int(seed), int(steps)
random.seed(seed)
LIMIT = 24 * bs


def run(*words, status=0):
    done = subprocess.run(words, capture_output=True)
    if done.returncode != status:
        sys.exit(f"seed {seed}: {' '.join(words)}: {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def some(most):
    """An offset or length: whole blocks, their edges, anything."""
    n = random.choice([random.randrange(most // bs + 1) * bs,
                       random.randrange(most // bs + 1) * bs + random.choice([-1, 1, 7]),
                       random.randrange(most)])
    return max(0, min(n, most))


def step(model, number):
    name = random.choice(sorted(model))
    data = model[name]
    verbs = ["truncate", "punch-hole", "write", "write", "flush"]
    if kind == "extents":
        verbs += ["zero-range", "zero-range", "allocate", "write-zeroes", "collapse-range", "insert-range"]
    verb = random.choice(verbs)
    off, length = some(LIMIT), max(1, some(6 * bs))
    end = off + length
    if verb == "flush":
        return "flush"
    if verb == "truncate":
        size = some(LIMIT)
        del data[size:]
        data += bytes(size - len(data))
        return f"truncate {name} {size}"
    if verb == "write":
        host = f"bytes.{number}"
        text = random.randbytes(length)
        with open(host, "wb") as file:
            file.write(text)
        data += bytes(max(0, end - len(data)))
        data[off:end] = text
        return f"write {name} {off} from={host}"
    if verb in ("collapse-range", "insert-range"):
        off, length = off // unit * unit, max(unit, length // unit * unit)
        if verb == "collapse-range" and off + length < len(data):
            del data[off:off + length]
        elif verb == "insert-range" and off < len(data) and len(data) < 4 * LIMIT:
            data[off:off] = bytes(length)
        else:
            return "flush"
        return f"{verb} {name} {off} {length}"
    keep = verb in ("zero-range", "allocate") and random.random() < 0.3
    if verb != "punch-hole" and not keep:
        data += bytes(max(0, end - len(data)))
    if verb != "allocate":
        stop = min(end, len(data))
        data[off:stop] = bytes(max(0, stop - off))
    return f"{verb} {name} {off} {length}" + (" keep-size" if keep else "")


def pollute(name, size):
    """Stale bytes behind EOF, where its last block is written."""
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
    with open("got", "rb") as file:
        return file.read()


def judge(path, model, script, how):
    fsck = subprocess.run(["e2fsck", "-fn", path], capture_output=True, text=True)
    if fsck.returncode:
        sys.exit(f"seed {seed} {how}: e2fsck:\n{fsck.stdout}\nafter\n{script}")
    for name, data in model.items():
        got = content(path, name)
        if got != data:
            at = next((i for i in range(min(len(got), len(data))) if got[i] != data[i]), -1)
            sys.exit(f"seed {seed} {how}: {name}: {len(got)} bytes, wanted {len(data)}, first difference at {at} "
                     f"(block {at // bs}, byte {at % bs}) after\n{script}")


model = {name: bytearray(content(image, name)) for name in ("/a", "/b")}
for turn in range(3):
    script = "\n".join(step(model, f"{turn}.{i}") for i in range(steps)) + "\n"
    if random.random() < 0.2:
        script = script.replace("flush\n", "commit\n", 1)
    with open("script", "w") as file:
        file.write(script)
    ways = [(policy, data) for policy in ("batch", "flush", "flush-always") for data in ("journal", "ordered")]
    for policy, data in ways:
        run("cp", "--sparse=always", image, "copy")
        run(e4zero, "-q", "--script", "script", "--policy", policy, "--data", data, "copy")
        judge("copy", model, script, f"{policy} {data}")
    run("cp", "--sparse=always", "copy", image)
    if not turn:
        # later the pollution may still be there: not every operation comes near it
        run(e4zero, "-q", "--check", image)
    for name, data in model.items():
        pollute(name, len(data))
print("ok")
