#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks mutants with the program and with the witness: both find the same, or both refuse.

usage: agree.py E4ZERO MUTATE IMAGE FROM COUNT     mutants FROM and on of IMAGE
       agree.py E4ZERO --images FILE...            these images

For each run: an exit status of 0, 4 or 8, a summary at the end, with 8 one message on standard error, none of a
sanitizer, the bytes and the mtime of the image unchanged, the same report with one and with two threads. e4zero need
not refuse an image that the witness refuses, nor the other way round: the witness does not check superblocks.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "witness")]
import imgfmt                # noqa: E402
import judge                 # noqa: E402
from witness import Witness  # noqa: E402

SHOWN = 4


def run(e4zero, image, jobs, paranoid, faults):
    """One run's report without its summary, and its exit status."""
    before = os.stat(image)
    try:
        done = subprocess.run([e4zero, "--check", "--json", "-j", str(jobs)] + ["--paranoid"] * paranoid + [image],
                              capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        faults.append("hang")
        return [], None
    after, words = os.stat(image), done.stderr.decode("utf-8", "replace")
    records = judge.parse(done.stdout, faults)
    if done.returncode not in (0, 4, 8):
        faults.append("exit status %d: %s" % (done.returncode, words[:300]))
    if "runtime error" in words or "Sanitizer" in words:
        faults.append("sanitizer: " + words[:300])
    if done.returncode == 8 and words.count("\n") != 1:
        faults.append("not one sentence: " + words[:300])
    if not records or records[-1].get("type") != "summary":
        faults.append("no summary at the end")
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        faults.append("the image was written to")
    return records[:-1], done.returncode


def testify(image, paranoid):
    """The findings of the witness, or None and the reason."""
    try:
        witness = Witness(imgfmt.Image(image), paranoid, False)
        witness.run()
    except (imgfmt.Bad, ValueError, IndexError, MemoryError, RecursionError) as err:
        return None, str(err)
    return witness.findings, ""


def both(e4zero, image, paranoid):
    """The faults of one image, and whether it could be compared."""
    faults = []
    records, status = run(e4zero, image, 1, paranoid, faults)
    again, status_again = run(e4zero, image, 2, paranoid, faults)
    if (records, status) != (again, status_again):
        faults.append("one and two threads differ")
    if status not in (0, 4) or faults:
        return faults, False
    findings, _ = testify(image, paranoid)
    if findings is None:
        return faults, False
    mine = [judge.normal(f) for f in findings]
    theirs = [judge.normal(f) for f in records if f.get("type") == "finding"]
    judge.compare(mine, theirs, faults)
    return faults, True


def mutants(mutate, image, first, count):
    """Make the mutants one by one, all with the same name."""
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "mutant")
        for seed in range(first, first + count):
            subprocess.run([mutate, "--dump", str(seed), image, path], check=True)
            yield "seed %d" % seed, path, seed % 2


def main():
    e4zero = sys.argv[1]
    if sys.argv[2] == "--images":
        images = ((path, path, paranoid) for path in sys.argv[3:] for paranoid in (0, 1))
    else:
        images = mutants(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    bad = total = compared = 0
    for label, path, paranoid in images:
        faults, comparable = both(e4zero, path, paranoid)
        total += 1
        compared += comparable
        bad += bool(faults)
        for fault in faults[:SHOWN]:
            print("%s: %s" % (label, fault))
    print("%d images, %d compared with the witness, %d with faults" % (total, compared, bad))
    return 1 if bad or not total else 0


if __name__ == "__main__":
    sys.exit(main())
