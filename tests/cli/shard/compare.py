#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Shards of images, merged, against a check of each image at once.

usage: compare.py IMAGE SHARDS [OPTION...]     says "merged" or "checked again", or what differs

Report and messages must be the same byte for byte, but for seconds and bytes_read, as JSON and as text. The image is
away when the reports are merged: only where the merger says that it needs the image is it given back.
"""

import os
import re
import subprocess
import sys

E4ZERO = os.environ["E4ZERO"]


def run(*args):
    done = subprocess.run([E4ZERO, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    return done.returncode, re.sub(rb'"(seconds|bytes_read)":[0-9.]+,', b"", done.stdout), done.stderr


def reports(image, shards, options):
    """The names of the reports, the last shard first: their order must not matter."""
    names = []
    for shard in range(shards, 0, -1):
        names.append(f"{image}.{shard}.jsonl")
        with open(names[-1], "wb") as out:
            status = subprocess.run([E4ZERO, "--json", "--shard", f"{shard}/{shards}", "-j", str(shard % 3 + 1),
                                     *options, image], stdout=out, stderr=subprocess.DEVNULL, check=False).returncode
        if status not in (0, 4):
            sys.exit(f"shard {shard} of {shards}: exit {status}")
    return names


def differ(what, want, got):
    for name, a, b in zip(("exit status", "report", "messages"), want, got):
        if a == b:
            continue
        if name == "report":
            lines = [pair for pair in zip(a.splitlines(), b.splitlines()) if pair[0] != pair[1]]
            a, b = lines[0] if lines else (len(a.splitlines()), len(b.splitlines()))
        return f"{what}: another {name}: {a} at once, {b} merged"
    return ""


def compare(image, shards, options):
    """How the reports were merged, and what differs."""
    shown = [option for option in options if option == "-v"]
    names = reports(image, shards, options)
    want = run("--json", *options, image)
    os.rename(image, image + ".away")
    got = run("--merge", "--json", *shown, *names)
    os.rename(image + ".away", image)
    how = "merged"
    if got[0] == 8 and b"because shards claim the same blocks: No such file" in got[2]:
        how = "checked again"
        got = run("--merge", "--json", *shown, *names)
    fault = differ("JSON", want, got) or differ("text", run(*options, image), run("--merge", *shown, *names))
    for name in names:
        os.unlink(name)
    return how, fault


def main():
    how, fault = compare(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
    if fault:
        sys.exit(f"{sys.argv[1:]}: {how}: {fault}")
    print(how)


if __name__ == "__main__":
    main()
