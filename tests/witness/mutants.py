#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Damages an image at random places and asks e4zero and the witness; they must still agree.

usage: mutants.py E4ZERO IMAGE FIRST COUNT [--all]

Mutant number N, from FIRST on, is the same every time: one to four bytes of inodes (mode, size,
links, flags, attribute block, map) or of tree blocks. With --all, the ledger is compared too, and
damage is wherever it matters to it (ledger/damage.py). Best on images without checksums, where the
damage is not simply a wrong checksum. IMAGE is left alone. Prints every disagreement, exits 1 if
there is any.
"""

import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ledger"))
import compare               # noqa: E402
import damage                # noqa: E402
import imgfmt                # noqa: E402
import judge                 # noqa: E402
import ledger                # noqa: E402
from witness import Witness  # noqa: E402

FIELDS = [0, 1, 4, 5, 6, 7, 0x1A, 0x20, 0x21, 0x22, 0x23, 0x68, 0x69, 0x6C, 0x6D]
MAP = list(range(0x28, 0x64))


class Mutator:
    def __init__(self, image):
        with open(image, "rb") as f:
            self.original = f.read()
        self.fs = imgfmt.Image(image)
        witness = Witness(self.fs)
        witness.run()
        self.inodes = list(witness.inodes)
        self.tree = [block for inode in witness.inodes.values() for block in inode.tree]

    def place(self, dice):
        """A byte of the image and what it belongs to."""
        fs = self.fs
        if self.tree and dice.random() < 0.3:
            block, offset = dice.choice(self.tree), dice.randrange(64)
            return block * fs.bs + offset, "tree block %d+%d" % (block, offset)
        ino, fields = dice.choice(self.inodes), FIELDS + MAP * 2
        if fs.isize > 128:
            fields = fields + [dice.randrange(128, fs.isize)]
        offset = dice.choice(fields)
        group, index = divmod(ino - 1, fs.ipg)
        at = fs.groups[group]["it"] * fs.bs + index * fs.isize + offset
        return at, "inode %d+0x%x" % (ino, offset)

    def mutant(self, number):
        dice, data, story = random.Random(number), bytearray(self.original), []
        for _ in range(dice.choice((1, 1, 2, 4))):
            at, what = self.place(dice)
            value = dice.choice((0, 255, 1 << dice.randrange(8), dice.randrange(256)))
            data[at] = value if dice.random() < 0.5 else data[at] ^ value
            story.append("%s=%02x" % (what, data[at]))
        return data, ", ".join(story)


def disagreements(e4zero, image):
    witness = Witness(imgfmt.Image(image), paranoid=True)
    witness.run()
    faults = []
    done = subprocess.run([e4zero, "--check", "--json", "-j", "2", "--paranoid", image],
                          capture_output=True, timeout=120, check=False)
    findings = judge.check_report(judge.parse(done.stdout, faults), faults)
    judge.compare([judge.normal(f) for f in witness.findings],
                  [judge.normal(f) for f in findings], faults)
    status = 4 if judge.counted(witness.findings) else 0
    if done.returncode != status:
        faults.append("exit status %d, not %d: %s" % (done.returncode, status,
                                                      done.stderr.decode("utf-8", "replace")))
    reasons = {f["ino"]: f.get("why") for f in witness.findings + findings}
    return faults + ["inode %s: %s" % r for r in reasons.items() if r[1]][:8] if faults else []


def main():
    e4zero, image, first, count = sys.argv[1:5]
    whole = sys.argv[5:] == ["--all"]
    mutator, bad = damage.Everywhere(image) if whole else Mutator(image), 0
    with tempfile.NamedTemporaryFile() as scratch:
        for number in range(int(first), int(first) + int(count)):
            data, story = mutator.mutant(number)
            with open(scratch.name, "wb") as f:
                f.write(data)
            try:
                faults = compare.compare(e4zero, scratch.name, "2", ledger.ledger_of(scratch.name)) if whole \
                    else disagreements(e4zero, scratch.name)
            except imgfmt.Bad as err:
                faults = compare.refused(e4zero, scratch.name, str(err))
            if faults:
                bad += 1
                print("mutant %d: %s\n    %s" % (number, story, "\n    ".join(faults)))
    print("%d of %s mutants are judged differently" % (bad, count))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
