#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands in for e4zero in agree.sh's negative control: the witness's words in e4zero's form.

FAKE_LIE names one thing to get wrong, or `none`.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ledger"))
import imgfmt   # noqa: E402
import ledger   # noqa: E402
import witness  # noqa: E402

WRONG = {"kind": "stale-tale", "ino": 1, "path": "/elsewhere", "size": 1, "lblk": 77777,
         "pblk": 77777, "blocks": 99, "first": 1, "last": 1, "nonzero": 77777,
         "e2fsck": "dumb", "fixable": 0}


def lie(findings, what, jobs):
    if what == "drop" or (what == "jobs" and jobs == "2"):
        del findings[len(findings) // 2]
    elif what == "extra":
        findings.insert(3, dict(findings[3]))
    elif what == "opaque":
        findings[:] = [f for f in findings if f["kind"] != "opaque"]
    elif what == "order":
        findings[4], findings[5] = findings[5], findings[4]
    elif what in WRONG:
        findings[len(findings) // 2][what] = WRONG[what]


def account(w, what):
    rows = [{"class": name, "places": row[0], "bytes": row[1], "stale_bytes": row[2], "left": None}
            for name, row in sorted(w.account().items())]
    if what == "class":
        rows[2]["class"], rows[3]["class"] = rows[3]["class"], rows[2]["class"]
    elif what == "sum":
        rows[2]["bytes"] -= 1
    elif what in ("places", "stale_bytes"):
        rows[2][what] += 1
    print(json.dumps({"type": "ledger", "size": w.fs.blocks * w.fs.bs, "classes": rows, "beside": []}))


def main():
    what, args = os.environ.get("FAKE_LIE", "none"), sys.argv[1:]
    image, jobs = args[-1], args[args.index("-j") + 1]
    fs, whole = imgfmt.Image(image), "--all" in args
    w = ledger.Ledger(fs) if whole else witness.Witness(fs, "--paranoid" in args, "-v" in args)
    w.run()
    found = [dict(f, type="finding", fixed=False) for f in w.findings if f["kind"] != "opaque" or not whole]
    lie(found, what, jobs)
    print(json.dumps({"type": "image", "path": image}))
    for ino in w.skipped if what != "skipped" else []:
        print(json.dumps({"type": "skipped", "ino": ino, "why": "deleted, waiting to be freed"}))
    if w.shared:
        print(json.dumps({"type": "skipped", "ino": None, "why": "shared_blocks"}))
    for f in found:
        print(json.dumps(f))
    if whole:
        account(w, what)
    if what == "garble":
        print("{")
    if what != "summary":
        counted = len([f for f in found if f["kind"] != "opaque"])
        print(json.dumps({"type": "summary", "findings": counted}))
    if what == "touch":
        with open(image, "r+b") as f:
            f.seek(512)
            f.write(b"x")
    bad = any(f["kind"] != "opaque" for f in w.findings)
    return 4 if bad and what != "status" else 0


if __name__ == "__main__":
    sys.exit(main())
