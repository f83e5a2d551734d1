# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks crafted images: crafted.py DIR SECONDS MEMORY reads the lines of craft.py.

Each image is checked with one and with two threads. MEMORY is the bytes of address space, 0 for no limit.
"""

import os
import resource
import subprocess
import sys

LONG_AGO = 978307200  # a write to an image changes its mtime


def check(path, options, files, jobs, seconds):
    """Exit status, report, messages."""
    command = [os.environ["E4ZERO"], "--check", "--json", "-j", str(jobs), *options, path, *files]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, [], [b"it does not end"]
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


def complaints(path, status, args, seconds):
    """The faults of the checks of the image at PATH."""
    options = [a for a in args if a.startswith("-")]
    files = [a for a in args if not a.startswith("-")]
    os.utime(path, (LONG_AGO, LONG_AGO))
    reports = []
    for jobs in 1, 2:
        rc, report, said = check(path, options, files, jobs, seconds)
        text = b"; ".join(said).decode(errors="replace")[:300]
        if rc != status:
            yield f"-j{jobs}: exit {rc}, wanted {status}: {text}"
        if rc == 8 and len(said) != 1:
            yield f"not one sentence: {text}"
        if "runtime error" in text or "Sanitizer" in text:
            yield f"sanitizer: {text}"
        if not report or b'"type":"summary"' not in report[-1]:
            yield "the report does not end with a summary"
        reports.append(report[:-1])
    if reports[0] != reports[1]:
        yield "one and two threads differ"
    if os.stat(path).st_mtime != LONG_AGO:
        yield "the image was written to"


def main():
    folder, seconds, memory = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    count = bad = 0
    for line in sys.stdin:
        name, status, *args = line.split()
        count += 1
        found = list(complaints(os.path.join(folder, name), int(status), args, seconds))
        bad += bool(found)
        for what in found:
            print(f"{name}: {what}", file=sys.stderr)
    if not count or bad:
        sys.exit(f"{bad} of {count} cases")
    print(f"{count} crafted images, nothing to complain about")


main()
