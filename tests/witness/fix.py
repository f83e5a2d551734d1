#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Has `e4zero --fix` repair a copy of an image and holds the result against the witness.

usage: fix.py E4ZERO IMAGE WORKDIR

Plain and with --paranoid. The witness must find nothing that can be fixed and is not named with a
reason; every inode without a finding keeps each byte of its slot, its map and its content; the
others keep all but what a fix may change. Every byte of the image that differs must be one that may,
and zero if it was residue. `e2fsck -fn` complains of nothing that it did not complain of before, a
dry run says what the real one does, a second one writes nothing. Prints every fault and exits 1, or
prints what was done and exits 0. The fixed copies stay in WORKDIR as plain and paranoid.
"""

import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import imgfmt                # noqa: E402
from facts import Facts, changes  # noqa: E402
from judge import counted, digest, normal, parse  # noqa: E402
from witness import Witness  # noqa: E402

SHOWN = 8
REASONS = ("may belong to an inode that cannot be read", "the truncate cannot be finished")
REFUSED = ("shared_blocks", "the blocks of its inodes are unknown")


def run(*args):
    return subprocess.run(args, capture_output=True, check=False, timeout=600)


def witness_of(image, paranoid):
    fs = imgfmt.Image(image)
    witness = Witness(fs, paranoid)
    witness.run()
    return witness


def key(finding):
    return tuple(finding.get(k) for k in ("ino", "lblk", "kind", "pblk"))


class Run:
    """One run of --fix on a copy, and what is wrong with it."""

    def __init__(self, e4zero, image, copy, options):
        self.e4zero, self.image, self.copy, self.options = e4zero, image, copy, options
        self.faults = []
        subprocess.run(["cp", "--sparse=always", image, copy], check=True)

    def fault(self, text):
        self.faults.append(" ".join(self.options + [text]))

    def fix(self, *more):
        done = run(self.e4zero, "--fix", "--json", *self.options, *more, self.copy)
        records = parse(done.stdout, self.faults)
        return done, [r for r in records if r.get("type") == "finding"], records

    def judge(self):
        before = Facts(witness_of(self.image, bool(self.options)))
        complaints = fsck(self.copy)
        dry = self.fix("--dry-run")
        if digest(self.copy) != digest(self.image):
            self.fault("the dry run wrote")
        done, findings, records = self.fix()
        if done.returncode == 8:
            self.refused(done, dry)
            return "refused"
        after = Facts(witness_of(self.copy, bool(self.options)))
        left = self.report(before, done, findings)
        self.same_as_dry(dry, done, findings, records)
        self.clean(before, after, left)
        self.faults += [" ".join(self.options + [t]) for t in before.compare(after)]
        self.faults += [" ".join(self.options + [t]) for t in changes(before, after)]
        self.fsck(after, complaints)
        self.second()
        return "%d fixed, %d left" % (len([f for f in findings if f["fixed"]]), len(left))

    def refused(self, done, dry):
        text = done.stderr.decode("utf-8", "replace")
        if not any(word in text for word in REFUSED):
            self.fault("refused: " + text)
        if dry[0].returncode != 8 or dry[0].stderr != done.stderr:
            self.fault("refused, but not by the dry run")
        if digest(self.copy) != digest(self.image):
            self.fault("refused, and written to")

    def report(self, before, done, findings):
        """Those that are left; the findings must be the witness's, each one fixed or with its reason."""
        want = [normal(f) for f in before.witness.findings]
        if want != [normal(f) for f in findings]:
            self.fault("its findings are not the witness's")
        left = [f for f in findings if not f["fixed"]]
        for f in left:
            if not f.get("why"):
                self.fault("left without a reason: %s" % normal(f))
            elif f["fixable"] and not any(r in f["why"] for r in REASONS):
                self.fault("left: %s: %s" % (f["why"], normal(f)))
        if done.returncode != (4 if left else 0):
            self.fault("exit %d with %d left: %s" % (done.returncode, len(left),
                                                     done.stderr.decode("utf-8", "replace")))
        return left

    def same_as_dry(self, dry, done, findings, records):
        strip = [[{k: v for k, v in f.items() if k != "fixed"} for f in x]
                 for x in (dry[1], findings)]
        if strip[0] != strip[1]:
            self.fault("the dry run finds or leaves something else")
        if dry[0].returncode not in (done.returncode, 4):
            self.fault("the dry run leaves with %d" % dry[0].returncode)
        if not records or records[-1].get("type") != "summary":
            self.fault("no summary")
        elif records[-1]["left"] + records[-1]["fixed"] != len(findings):
            self.fault("the summary counts otherwise: %s" % records[-1])

    def clean(self, before, after, left):
        """Nothing that was not left is found again, and nothing is new."""
        known = {key(f) for f in left}
        for f in after.witness.findings:
            if f["kind"] != "opaque" and key(f) not in known:
                self.fault("found afterwards: %s" % normal(f))
        if not known and counted(after.witness.findings):
            self.fault("not clean")
        if not before.witness.findings:
            self.fault("an image with nothing to fix proves nothing")

    def fsck(self, after, complaints):
        # the last deleted inode of a chain has nothing in dtime, which the others have instead of a time
        chain = {"Deleted inode %d has zero dtime.  Fix? no" % i for i in after.witness.skipped
                 if i in after.orphans}
        for line in sorted(fsck(self.copy) - complaints - chain):
            self.fault("e2fsck: " + line)

    def second(self):
        sha, trace = digest(self.copy), self.copy + ".trace"
        done = self.fix("--trace-io", trace)[0]
        if done.returncode not in (0, 4) or digest(self.copy) != sha:
            self.fault("a second one exits %d, or writes" % done.returncode)
        if os.path.exists(trace):
            if os.path.getsize(trace):
                self.fault("a second one writes: " + open(trace, encoding="ascii").read(200))
            os.remove(trace)


def fsck(image):
    """What e2fsck complains of, in lines without the counts that end its report."""
    done = run("e2fsck", "-fn", image)
    lines = set(done.stdout.decode("latin-1").splitlines())
    lines = {x for x in lines if x and not re.match(r"Pass \d|e2fsck |.*: (\d+/\d+|\*+ WARNING)", x)}
    return lines if done.returncode else set()


def main():
    e4zero, image, work = sys.argv[1:4]
    faults, said = [], []
    for name, options in (("plain", []), ("paranoid", ["--paranoid"])):
        one = Run(e4zero, image, os.path.join(work, name), options)
        said.append("%s %s" % (name, one.judge()))
        faults += one.faults
        if said[-1].endswith("refused"):
            os.remove(one.copy)
    if faults:
        print("\n".join(faults[:SHOWN]), "%d faults" % len(faults), sep="\n")
        return 1
    print("; ".join(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
