#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""free-blocks.py IMAGE COUNT < its dumpe2fs

Writes into COUNT free blocks, spread over all of them, and prints as facts how many are not zero
then, and how many bytes of them are not.
"""
import random
import re
import sys


def runs_of(text):
    for line in re.findall(r"^  Free blocks: ([-0-9, ]*)$", text, re.M):
        for run in filter(None, line.split(", ")):
            first, last = (run.split("-") * 2)[:2]
            yield int(first), int(last) + 1


def main():
    image, count, text = sys.argv[1], int(sys.argv[2]), sys.stdin.read()
    size = int(re.search(r"^Block size: *(\d+)", text, re.M)[1])
    runs = list(runs_of(text))
    rng = random.Random(1)
    dirty = stale = 0
    with open(image, "r+b") as file:
        for block in sorted(rng.sample([b for run in runs for b in range(*run)], count)):
            file.seek(block * size)
            file.write(rng.randbytes(size))
        for first, end in runs:
            for block in range(first, end):
                file.seek(block * size)
                data = file.read(size)
                zeros = data.count(0)
                dirty += zeros < size
                stale += size - zeros
    print(f'"dirty": {dirty}, "bytes": {stale}')


main()
