#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Truncate the same files by e4zero and by the kernel, and compare what comes out.

    sequences.py DRIVER CONFIG BLOCK-SIZE SEED FILES STEPS IMAGE-SIZE MKE2FS-ARGUMENTS...

Works in the current directory, which is the caller's to clean up. CONFIG is a name; what is in it
of "inline_data", "full", "quota", "external" changes the work. Between the steps, bytes past EOF
are made non-zero behind both backs; some files lose their end in the inode alone, so that written
blocks lie past EOF. The kernel shows those when the file grows, we must not: where that happened,
only our result is judged.
"""

import os
import random
import subprocess
import sys

from layouts import target
from mounted import Failed
from sides import Pair, main


def kernel_truncate(path, size):
    """The error, or None. Not truncate(2): there 6.18 oopses when a file outgrows its inode."""
    try:
        with open(path, "r+b", buffering=0) as file:
            os.ftruncate(file.fileno(), size)
    except OSError as err:
        return err
    return None


class Batch(Pair):
    def __init__(self, args):
        self.bs, self.seed, self.count, self.steps = (int(n) for n in args[2:6])
        super().__init__(args[0], args[1], self.bs, self.seed, self.count, args[6], args[7:])
        self.low = {}

    # -- behind both backs -------------------------------------------------------------------------

    def pollute(self):
        orders = []
        for name in self.names:
            for side in (self.ours, self.kern):
                if side.looks[name]:
                    self.pollute_tail(side, side.looks[name])
            size = self.ours.model[name].size
            same = size == self.kern.model[name].size and name not in self.tainted
            if same and self.rng.random() < 0.12 and self.may_cut(name):
                orders.append((name, self.rng.randrange(size)))
        self.cut(orders)
        for name, size in orders:
            self.low[name] = min(self.low[name], size)

    # -- a step ------------------------------------------------------------------------------------

    def plan(self):
        lines = []
        for name in self.names:
            cut = self.history[name] and self.history[name][-1].startswith("cut")
            size, look = self.ours.model[name].size, self.ours.looks[name]
            for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
                size = target(self.rng, size, look, self.bs, self.limit, "inline" in self.config)
                size = min(size, self.limit) if cut else size  # e2fsck would rightly complain
                lines.append((name, size))
        self.rng.shuffle(lines)
        return lines

    def spell(self, name):
        if self.rng.random() < 0.2:
            return "<%d>" % self.ours.looks[name].ino
        return "/" + name

    def drive(self, lines, *options):
        """The driver's answers to the lines."""
        script = "".join("%s %d\n" % (self.spell(name), size) for name, size in lines)
        done = subprocess.run([self.driver, "truncate", self.ours.image, *options], input=script,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        answers = done.stdout.splitlines()
        if done.returncode or len(answers) != len(lines):
            raise Failed("driver: exit %d\n%s" % (done.returncode, done.stdout))
        return answers

    def edit_ours(self, lines):
        options = ["data=" + self.rng.choice(("journal", "ordered"))]
        if self.ours.journal:
            options.append("journal=" + self.ours.journal)
        if self.one_by_one:
            return [self.edit_one(line, options) for line in lines]
        options.append("per=%d" % self.rng.choice((0, 0, 1, 3, 7)))
        if self.rng.random() < 0.5:
            options.append("reopen")
        return self.drive(lines, *options)

    def edit_one(self, line, options):
        """What is refused leaves no trace."""
        before = self.ours.digest()
        answer = self.drive([line], *options)[0]
        if answer != "ok" and self.ours.digest() != before:
            raise Failed("%s %d: %s, but the image was changed" % (*line, answer))
        return answer

    def edit_kernel(self, lines):
        errors = []
        plain = "nojournal" in self.config or "ext2" in self.config
        with self.kern.mounted("" if plain else self.rng.choice(("", "data=journal", ""))):
            for name, size in lines:
                errors.append(kernel_truncate(os.path.join("mnt", name), size))
        return errors

    def settle(self, line, answer, error):
        """Bring the models forward, and judge what was refused."""
        name, size = line
        before = self.ours.model[name].size
        self.history[name].append("%d%s%s" % (size, "" if answer == "ok" else " (%s)" % answer,
                                              " [%s]" % error.strerror if error else ""))
        why = answer.split()[1] if answer != "ok" else None
        self.stats["truncates"] += 1
        self.stats["refused " + why if why else "done"] += 1
        alike = name not in self.apart
        if alike and (why == "big") != (error is not None and error.strerror == "File too large"):
            raise Failed("%s to %d: %s, but the kernel says %s" % (name, size, answer, error))
        allowed = {"big", "space" if "full" in self.config else None}
        if why and why not in allowed:
            raise Failed("%s to %d: %s" % (name, size, answer))
        if not why:
            if size > before and self.exposed(name, before):
                self.tainted.add(name)
            self.ours.model[name].truncate(size)
            self.low[name] = min(self.low[name], size)
        if not error:
            self.kern.model[name].truncate(size)
        if bool(why) != bool(error):
            self.apart.add(name)

    def exposed(self, name, size):
        """Written blocks lie past EOF in the kernel's copy, too."""
        end = -(-size // self.bs) * self.bs
        look = self.kern.looks[name] or self.ours.looks[name]
        return any(off + length > end and state == "written"
                   for off, _, length, state in look.pieces)

    # -- judging -----------------------------------------------------------------------------------

    def judge_ours(self, name, look):
        wrong = look.content.difference(self.ours.model[name])
        if wrong:
            raise Failed("ours: " + wrong)
        if any(look.past) and name in self.edited:
            raise Failed("ours: mmap shows bytes past EOF")
        self.stats["pages"] += bool(look.past) and name in self.edited
        end = -(-self.low[name] // self.bs) * self.bs
        if not look.inline and any(off + length > max(end, self.bs) and state == "written"
                                   for off, _, length, state in look.pieces):
            raise Failed("ours: written blocks behind %d" % end)

    # -- all of it ---------------------------------------------------------------------------------

    def step(self):
        lines = self.plan()
        answers = self.edit_ours(lines)
        self.edited = {name for (name, _), answer in zip(lines, answers) if answer == "ok"}
        wide = self.ours.sound("after ours")
        errors = self.edit_kernel(lines)
        for line, answer, error in zip(lines, answers, errors):
            self.settle(line, answer, error)
        before = self.ours.looks
        self.look(self.ours)
        wide |= self.ours.sound("after the kernel mounted ours")
        self.look(self.kern)
        self.judge(before)
        self.judge_trees(wide, before)
        self.wide = wide

    def run(self):
        self.start()
        self.low = {name: max([self.ours.looks[name].size] + [
            off + length for off, _, length, state in self.ours.looks[name].pieces
            if state == "written"]) for name in self.names}
        for _ in range(self.steps):
            self.pollute()
            self.step()
        self.stats["sequences"] = self.count


if __name__ == "__main__":
    sys.exit(main(Batch(sys.argv[1:])))
