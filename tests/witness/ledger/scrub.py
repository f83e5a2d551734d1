#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Has `e4zero --fix --all` scrub a copy of an image and holds the result against the witness's ledger.

usage: scrub.py E4ZERO IMAGE COPY
       scrub.py --selftest IMAGE COPY    a byte of each of these is changed, and that must be noticed

What is found is what the ledger has, before as after; afterwards nothing is stale that was not named with a reason. Each
inode keeps its fields, content, names and attributes, `e2fsck -fn` complains of nothing new, and a second run writes nothing.
Prints every fault and exits 1, or prints what was done and exits 0.
"""

import subprocess
import sys

sys.dont_write_bytecode = True
from ledger import ledger_of  # noqa: E402
import attrs                  # noqa: E402
import compare                # noqa: E402
import fix                    # noqa: E402
import imgfmt                 # noqa: E402
import judge                  # noqa: E402
import kept                   # noqa: E402
import slots                  # noqa: E402


def key(finding):
    return tuple(finding.get(k) for k in ("ino", "group", "lblk", "kind"))


def scrub(e4zero, image, copy, faults):
    subprocess.run(["cp", "--sparse=always", image, copy], check=True)
    before, complaints = ledger_of(image), fix.fsck(copy)
    done = fix.run(e4zero, "--fix", "--all", "--json", copy)
    if done.returncode == 8:
        said = done.stderr.decode("utf-8", "replace")
        if not any(word in said for word in fix.REFUSED) or judge.digest(copy) != judge.digest(image):
            faults.append("refused: " + said)
        return "refused"
    records = judge.parse(done.stdout, faults)
    findings = [r for r in records if r.get("type") == "finding"]
    judge.compare([judge.normal(f) for f in before.findings if f["kind"] != "opaque"],
                  [judge.normal(f) for f in findings], faults)
    left = {key(f) for f in findings if not f["fixed"]}
    faults += ["left without a reason: %s" % judge.normal(f) for f in findings if not f["fixed"] and not f.get("why")]
    after = ledger_of(copy)
    faults += ["found afterwards: %s" % judge.normal(f) for f in after.findings
               if f["kind"] != "opaque" and key(f) not in left]
    if done.returncode != (4 if left else 0):
        faults.append("exit %d with %d left: %s" % (done.returncode, len(left), done.stderr.decode("utf-8", "replace")))
    faults += kept.differences(before, after)
    # the last deleted inode of a chain has nothing in dtime, which the others have instead of a time
    complaints |= {"Deleted inode %d has zero dtime.  Fix? no" % i for i in after.skipped if i in after.orphans}
    faults += ["e2fsck: " + line for line in sorted(fix.fsck(copy) - complaints)]
    faults += ["afterwards: " + text for text in compare.compare(e4zero, copy, "2", after)]
    sha = judge.digest(copy)
    fix.run(e4zero, "--fix", "--all", copy)
    if judge.digest(copy) != sha:
        faults.append("a second one writes")
    return "%d scrubbed, %d left" % (len(findings) - len(left), len(left))


def live(ledger):
    """(what, where) of a byte of each thing that a scrub must keep."""
    fs, inodes = ledger.fs, [i for i in ledger.linked if not i.why]
    file = next(i for i in inodes if i.kind() == imgfmt.S_IFREG and i.runs and i.size and i.runs[0][0] == 0)
    root = next(i for i in inodes if i.ino == 2)
    link = next(i for i in inodes if i.fast_symlink())
    having = next(i for i in inodes if i.acl)
    yield "content", file.runs[0][1] * fs.bs
    yield "a name", root.runs[0][1] * fs.bs + 24 + 8
    yield "the target of a link", ledger.slot_at(link) + slots.MAP
    for what, at in (("the mode", 0), ("the owner", 2), ("the time", 0x10)):
        yield what, ledger.slot_at(file) + at
    for _, _, _, offset, _, _, _ in attrs.entries(fs.block(having.acl), 32):
        yield "a value", having.acl * fs.bs + offset


def selftest(image, copy):
    before, bad = ledger_of(image), 0
    for what, at in live(before):
        subprocess.run(["cp", "--sparse=always", image, copy], check=True)
        with open(copy, "r+b") as f:
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes((byte ^ 1,)))
        noticed = list(kept.differences(before, ledger_of(copy)))
        print("%s changed: %s" % ("ok  " if noticed else "FAIL", what))
        bad += not noticed
    return 1 if bad else 0


def main():
    if sys.argv[1] == "--selftest":
        return selftest(*sys.argv[2:4])
    faults = []
    said = scrub(*sys.argv[1:4], faults)
    if faults:
        print("\n".join(faults[:fix.SHOWN]), "%d faults" % len(faults), sep="\n")
        return 1
    print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
