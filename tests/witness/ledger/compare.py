#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares `e4zero --check --all --json` with the witness's own ledger, finding by finding and class by class.

usage: compare.py E4ZERO IMAGE [JOURNAL]

By one and by two threads; JOURNAL is the device of an external one. Prints every disagreement and exits 1, or the number of
findings and of classes.
"""

import subprocess
import sys

sys.dont_write_bytecode = True
from ledger import Ledger, ledger_of  # noqa: E402
import judge                          # noqa: E402


def account_of(records, size, faults):
    """class: [places, bytes, stale bytes] of a report"""
    ledgers = [r for r in records if r.get("type") == "ledger"]
    if len(ledgers) != 1:
        faults.append("%d ledgers" % len(ledgers))
        return {}
    rows = {c["class"]: [c["places"], c["bytes"], c["stale_bytes"]] for c in ledgers[0]["classes"]}
    if ledgers[0]["size"] != size or sum(row[1] for row in rows.values()) != size:
        faults.append("the classes add up to %d, the size is %d, of %d" % (
            sum(row[1] for row in rows.values()), ledgers[0]["size"], size))
    return dict(rows, **{c["class"]: [c["places"], c["bytes"], c["stale_bytes"]] for c in ledgers[0]["beside"]})


def compare(e4zero, image, jobs, ledger):
    faults = []
    want = ledger.account()
    mine = [judge.normal(f) for f in ledger.findings if f["kind"] != "opaque"]
    options = ["--journal-device", ledger.device] if ledger.device else []
    done = subprocess.run([e4zero, "--check", "--all", "--json", "-j", jobs] + options + [image], capture_output=True,
                          timeout=120, check=False)
    records = judge.parse(done.stdout, faults)
    judge.compare(mine, [judge.normal(f) for f in judge.check_report(records, faults)], faults)
    got = account_of(records, ledger.fs.blocks * ledger.fs.bs, faults)
    for name in sorted(set(want) | set(got), key=str):
        if want.get(name) != got.get(name):
            faults.append("class %s: e4zero %s, witness %s" % (name, got.get(name), want.get(name)))
    if done.returncode != (4 if mine else 0):
        faults.append("exit status %d: %s" % (done.returncode, done.stderr.decode("utf-8", "replace")[:200]))
    if faults:
        reasons = {(f["kind"], f.get("group"), f.get("ino")): f["why"]
                   for f in ledger.findings + records if f.get("why") and "kind" in f}
        faults += ["%s: %s" % r for r in list(reasons.items())[:8]]
    return faults


def refused(e4zero, image, why):
    """The witness cannot judge the image; then e4zero says why it does not, too."""
    done = subprocess.run([e4zero, "--check", "--all", image], capture_output=True, timeout=120, check=False)
    return [] if done.returncode == 8 and done.stderr else ["exit status %d, the witness says: %s" % (done.returncode, why)]


def main():
    e4zero, image = sys.argv[1:3]
    ledger = ledger_of(image, device=(sys.argv + [None])[3])
    for jobs in ("1", "2"):
        faults = compare(e4zero, image, jobs, ledger)
        if faults:
            print("\n".join(faults))
            return 1
    print("%d with --all, %d classes" % (judge.counted(ledger.findings), len(ledger.account())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
