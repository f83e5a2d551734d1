#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs `e4zero --check --json` on an image and compares its report with the witness, finding by
finding.

usage: judge.py E4ZERO IMAGE

Plain, with -v when there are encrypted tails to list, and with --paranoid; by one and by two
threads. Order counts, so does the exit status, and the image must keep its bytes. Prints every kind
of disagreement and exits 1, or prints the two numbers of findings and exits 0.
"""

import hashlib
import json
import subprocess
import sys

sys.dont_write_bytecode = True
import imgfmt                # noqa: E402
from witness import Witness  # noqa: E402

FIELDS = ("kind", "ino", "path", "path_hex", "size", "lblk", "pblk", "blocks", "first", "last",
          "nonzero", "e2fsck", "fixable", "group")
UNREADABLE = ("kind", "ino", "group")
MUST_HAVE = set(FIELDS) - {"path", "path_hex", "e2fsck", "group"}
SHOWN = 5


def normal(finding):
    """The finding as a string of the compared fields; an absent field is null."""
    fields = UNREADABLE if finding.get("kind") == "unreadable" else FIELDS
    values = {k: finding.get(k) for k in fields}
    if fields is UNREADABLE:
        values["claimed"] = "claimed" in finding.get("why", "")
    return json.dumps(values)


def counted(findings):
    return len([f for f in findings if f.get("kind") != "opaque"])


def parse(output, faults):
    records = []
    for number, line in enumerate(output.decode("utf-8").splitlines(), 1):
        try:
            records.append(json.loads(line))
        except ValueError:
            faults.append("line %d of the report is no JSON: %s" % (number, line[:80]))
    return records


def check_report(records, faults):
    """Check a report alone; returns its findings."""
    findings = [r for r in records if r.get("type") == "finding"]
    for f in findings:
        missing = ", ".join(sorted(MUST_HAVE - f.keys()))
        if missing:
            faults.append("inode %s: a finding without %s" % (f.get("ino"), missing))
        if "path_hex" in f and f.get("path") is not None:
            faults.append("inode %s: path and path_hex" % f.get("ino"))
    if not records or records[-1].get("type") != "summary":
        faults.append("the report does not end with a summary")
    elif records[-1].get("findings") not in (counted(findings), len(findings)):
        faults.append("the summary counts %s findings of %d" % (
            records[-1].get("findings"), len(findings)))
    return findings


def check_skipped(records, witness, faults):
    skipped = [r for r in records if r.get("type") == "skipped"]
    missing = set(witness.skipped) - {r.get("ino") for r in skipped}
    if missing:
        faults.append("deleted but not reported as skipped: %s" % sorted(missing))


def compare(mine, theirs, faults):
    """Name what is missing, what is too much, or else where the order differs."""
    if mine == theirs:
        return
    left, right = list(mine), list(theirs)
    for line in theirs:
        if line in left:
            left.remove(line)
            right.remove(line)
    faults += ["only e4zero:  " + line for line in right[:SHOWN]]
    faults += ["only witness: " + line for line in left[:SHOWN]]
    if len(left) > SHOWN or len(right) > SHOWN:
        faults.append("%d only e4zero's, %d only the witness's" % (len(right), len(left)))
    if not left and not right:
        at = next(i for i, pair in enumerate(zip(mine, theirs)) if pair[0] != pair[1])
        faults.append("the same findings in another order, from number %d on: %s" % (
            at + 1, theirs[at]))


def judge(e4zero, image, witness, options):
    """The faults of two runs, -j 1 and -j 2, against one witness."""
    out = []
    mine = [normal(f) for f in witness.findings]
    status = 4 if counted(witness.findings) else 0
    for jobs in ("1", "2"):
        faults = []
        done = subprocess.run([e4zero, "--check", "--json", "-j", jobs] + options + [image],
                              capture_output=True, timeout=120, check=False)
        records = parse(done.stdout, faults)
        compare(mine, [normal(f) for f in check_report(records, faults)], faults)
        check_skipped(records, witness, faults)
        if done.returncode != status:
            faults.append("exit status %d, not %d" % (done.returncode, status))
        if faults and done.stderr:
            faults.append("it said: " + done.stderr.decode("utf-8", "replace").strip()[:200])
        out += ["%s: %s" % (" ".join(["-j" + jobs] + options), fault) for fault in faults]
    return out


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").digest() if hasattr(hashlib, "file_digest") \
            else hashlib.sha256(f.read()).digest()


def main():
    e4zero, image = sys.argv[1:3]
    before, faults, numbers, sealed = digest(image), [], [], False
    ways = ((False, False, []), (True, False, ["--paranoid"]), (False, True, ["-v"]))
    for paranoid, opaque, options in ways:
        witness = Witness(imgfmt.Image(image), paranoid, opaque)
        witness.run()
        numbers.append(counted(witness.findings))
        # where nothing is sealed, -v has nothing more to list
        if not opaque or len(witness.findings) > counted(witness.findings):
            faults += judge(e4zero, image, witness, options)
            sealed = sealed or opaque
    if digest(image) != before:
        faults.append("the image was changed")
    if not max(numbers):
        faults.append("an image with nothing to find proves nothing")
    print("\n".join(faults) if faults else "%d findings, %d with --paranoid%s" % (
        numbers[0], numbers[1], ", sealed tails" if sealed else ""))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
