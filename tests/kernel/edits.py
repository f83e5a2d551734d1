#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every operation on the same files, by e4zero and by the kernel: a sequence for each file, and what comes out.

    edits.py E4ZERO DRIVER CONFIG BLOCK-SIZE SEED FILES ROUNDS IMAGE-SIZE MKE2FS-ARGUMENTS...

Works in the current directory, which is the caller's to clean up. CONFIG is a name: what is in it changes the work.
A round is a mount of the kernel's copy; ours is edited by scripts, and by single verbs between them. Bytes past EOF are
made non-zero between the rounds on both disks, and within a round on our disk and in the kernel's page cache. What must
be refused is tried too, and leaves no trace. Where the kernel's result is not determined, or wrong, only ours is judged.
"""

import errno
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

from kernel_ops import do, probe, scribble_past_eof, sync_fs
from layouts import fill_up, junk
from mounted import PAGE, Failed, Look
from ops import Chooser, wrong
from sides import Pair, main

SAYS = {"EFBIG": "can hold", "EINVAL": "must be multiples|reaches EOF|at or past EOF",
        "EOPNOTSUPP": "has no extents"}
FULL = {"not enough free blocks": "space", "no space": "space", "bytes that are free": "space"}
MOUNTS = ("", "", "", "", "", "nodelalloc", "dioread_lock", "data=journal")
LOOSE = ("nodelalloc", "dioread_lock", "data=journal")  # zeroes around what is written, instead of splitting


class Edits(Pair):
    def __init__(self, args):
        self.e4zero = args[0]
        self.count, self.rounds = int(args[5]), int(args[6])
        super().__init__(args[1], args[2], int(args[3]), int(args[4]), self.count, args[7], args[8:])
        cluster = re.search(r"-C (\d+)", " ".join(self.mkfs))
        self.unit = int(cluster[1]) if cluster else self.bs
        self.extents = "indirect" not in self.config
        self.chooser = Chooser(self.rng, self.bs, self.unit, 40 * self.bs)
        self.scrubbed, self.loose, self.recent = set(), set(), {}
        self.alone, self.paged = set(), set()
        self.host, self.options, self.errors = 0, "", []

    def fill(self, mount):
        """Leave so little that one of us runs out of it, or both: the kernel keeps 2 % for itself, we do not."""
        sync_fs("mnt")  # what was not allocated yet would never be: 6.18 hangs in umount(2)
        knob = "/sys/fs/ext4/%s/reserved_clusters" % os.path.basename(mount.devices[-1])
        with open(knob, "r+", encoding="ascii") as file:
            kept = int(file.read()) * self.unit // self.bs
            file.write("0")
        fill_up("mnt", self.rng.choice((0, 8, kept // 2, kept + 50, kept + 150)), self.bs)

    # -- choosing ----------------------------------------------------------------------------------

    def choose(self, name):
        """An operation on NAME that should succeed."""
        size = self.ours.model[name].size
        edges = self.recent.setdefault(name, [])
        look = self.ours.looks[name]
        if not edges and look:
            for off, _, length, _ in self.rng.sample(look.pieces, min(4, len(look.pieces))):
                edges += [off, off + length]
        if "inline" in self.config and self.rng.random() < 0.5:
            edges = [0, 1, 59, 60, 61, 100, 119, 120, 132, 133, 156, 160, 161, 200, size]
        while True:
            op = self.chooser.op(size, self.extents, [edge for edge in edges if edge < 2 ** 40])
            if op.verb == "write-zeroes" and self.extents and name not in self.alone:
                continue
            if op.verb in ("zero-range", "allocate", "write-zeroes"):
                op.len = min(op.len, self.most())
            if op.verb == "insert-range":
                op.len = min(op.len, 60 * self.unit)
            if not wrong(op, size, self.unit, self.extents, self.limit):
                break
        self.recent[name] = (edges + [op.off, op.end])[-8:]
        return op

    def most(self):
        """Bytes that are allocated at once."""
        return self.bs * (16 if self.one_by_one else 600 if self.rng.random() < 0.05 else 60)

    # -- ours --------------------------------------------------------------------------------------

    def spell(self, name):
        if self.rng.random() < 0.1:
            return "<%d>" % self.ours.looks[name].ino
        return "/" + name

    def call(self, *words, data=b"", status=(0,)):
        """e4zero's reports."""
        words = [self.e4zero, "--json", "--policy", self.rng.choice(("batch", "flush", "flush-always")),
                 "--data", self.rng.choice(("journal", "ordered")), *words]
        if self.ours.journal:
            words += ["--journal-device", self.ours.journal]
        done = subprocess.run(words, input=data, capture_output=True, check=False)
        if done.returncode not in status:
            raise Failed("%s: exit %d\n%s" % (" ".join(words), done.returncode, done.stderr.decode()))
        lines = done.stderr.decode().splitlines()
        if len(lines) != (done.returncode != 0):
            raise Failed("%s: messages %s" % (" ".join(words), lines))
        reports = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [r for r in reports if r["type"] == "edit"], "".join(lines)

    def script(self, lines):
        """One session; sometimes with a commit or a flush in it."""
        text, every = [], self.rng.choice((0, 4, 20))
        for name, op in lines:
            self.host += 1
            host = "bytes.%d" % self.host
            if op.verb == "write":
                with open(host, "wb") as file:
                    file.write(op.data)
            text.append(" ".join(op.words(self.spell(name), host)))
            if self.rng.random() < 0.1:
                text.append("flush")
            if every and len(text) % every == 0:
                text.append("commit")
        with open("script", "w", encoding="ascii") as file:
            file.write("\n".join(text) + "\n")
        edits = self.call("--script", "script", "--split", self.ours.image)[1]
        self.check_edits([(op, edit) for (_, op), edit in zip(lines, edits)], len(lines))
        self.stats["scripts"] += 1

    def check_edits(self, pairs, count):
        """The reports are about what was asked for, and add up."""
        if len(pairs) != count:
            raise Failed("%d operations, but %d reports" % (count, len(pairs)))
        for op, edit in pairs:
            parts = ("hole", "unwritten_clean", "dirty_unwritten", "written_disk", "written_dirty", "already_zero",
                     "inline")
            if edit["op"] != op.verb or edit["requested"] != sum(edit[part] for part in parts):
                raise Failed("%s: reported as %s" % (op, edit))

    def single(self, name, op):
        """By its own verb; the reason if it was refused, which must not leave a trace."""
        before = self.ours.digest() if self.one_by_one else None
        code, edits, why = self.call(*op.arguments(), self.ours.image, self.spell(name), data=op.data,
                                     status=(0, 8) if self.one_by_one else (0,))
        if not code:
            self.check_edits([(op, edit) for edit in edits], 1)
        elif self.ours.digest() != before:
            raise Failed("%s %s: exit 8, but the image was changed" % (name, op))
        self.stats["singles"] += 1
        return why

    def refuse(self, name, op, why):
        said = self.call(*op.arguments(), self.ours.image, "/" + name, data=op.data, status=(8,))[2]
        if not re.search(SAYS[why], said):
            raise Failed("%s %s: %s, but it says: %s" % (name, op, why, said))
        self.stats["refused " + why] += 1

    # -- both --------------------------------------------------------------------------------------

    def settle(self, name, op):
        """OP was done by both."""
        self.history[name].append(str(op))
        for side in (self.ours, self.kern):
            if op.grows(side.model[name].size) or op.verb == "truncate":
                self.scrubbed.add(name)
            op.apply(side.model[name])
        self.stats["ops"] += 1
        self.stats[op.verb] += 1

    def by_kernel(self, name, op):
        """What the kernel says to it."""
        if name in self.alone:
            return None
        size = self.kern.model[name].size
        if op.verb == "punch-hole" and op.off < size <= op.end:
            # see doc/kernel.md: up to 6.18 the block of EOF stays if the hole ends right there, and else all
            # of its page goes
            op = replace(op, len=max(op.len, size + 1 - op.off))
            self.paged.add(name)
        if op.verb == "write-zeroes" and not self.extents:
            # fallocate(2) has extents only
            op = replace(op, verb="write", data=bytes(op.len))
        return do(os.path.join("mnt", name), op, self.rng)

    def must(self, name, op, why):
        error = self.by_kernel(name, op)
        if (error and error.errno) != (why and getattr(errno, why)) and name not in self.alone:
            raise Failed("%s %s (size %d): %s, but the kernel says %s\n  history: %s" % (
                name, op, self.kern.model[name].size, why, error, self.history[name]))

    def run_script(self, names):
        lines = []
        for name in names:
            for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
                op = self.choose(name)
                lines.append((name, op))
                self.must(name, op, None)
                self.settle(name, op)
        # by and by, but each file's in their order
        order = sorted((name for name, _ in lines), key=lambda _: self.rng.random())
        queues = {name: [op for other, op in lines if other == name] for name in set(order)}
        self.script([(name, queues[name].pop(0)) for name in order])

    def run_single(self, name):
        op = self.choose(name)
        self.must(name, op, None)
        self.settle(name, op)
        self.single(name, op)

    def run_wrong(self, name):
        size = self.ours.model[name].size
        if name in self.tainted:
            return
        op = self.chooser.wrong_op(size, self.extents, self.limit)
        why = wrong(op, size, self.unit, self.extents, self.limit)
        self.must(name, op, why)
        self.refuse(name, op, why)

    def run_full(self, name):
        """Each side has its own luck with space."""
        op = self.choose(name)
        why = self.single(name, op)
        error = self.by_kernel(name, op)
        reason = next((said for key, said in FULL.items() if key in why.lower()), None)
        if why and not reason:
            raise Failed("%s %s: %s" % (name, op, why))
        self.history[name].append("%s%s%s" % (op, " (%s)" % reason if why else "",
                                              " [%s]" % error.strerror if error else ""))
        if not why:
            if op.grows(self.ours.model[name].size) or op.verb == "truncate":
                self.scrubbed.add(name)
            op.apply(self.ours.model[name])
        if not error:
            op.apply(self.kern.model[name])
        elif error.errno == errno.ENOSPC or name in self.apart or name in self.inside:
            self.tainted.add(name)  # how far it came is not said
        else:
            raise Failed("%s %s: the kernel says %s" % (name, op, error))
        if why or error:
            self.apart.add(name)
        self.stats["ops"] += 1
        self.stats["refused " + reason if why else op.verb] += 1
        self.stats["the kernel had no space"] += bool(error)

    # -- behind both backs -------------------------------------------------------------------------

    def pollute(self):
        for name in self.names:
            for side in (self.ours, self.kern):
                if side.looks[name]:
                    self.pollute_tail(side, side.looks[name])
        self.scrubbed.clear()

    def pollute_now(self, names):
        """Within a round: on our disk, and in the kernel's memory."""
        pieces = self.map_ours(names)
        for name in names:
            look = Look.__new__(Look)
            look.pieces = pieces[name]
            size = self.ours.model[name].size
            place = look.at(size) if size % self.bs else None
            if not place or place[1] != "written":
                continue
            self.ours.poke(place[0], junk(self.rng, -size % self.bs))
            self.stats["polluted"] += 1
            self.scrubbed.discard(name)
            # a store would allocate what the page has no blocks for
            page = range(size // PAGE * PAGE, size, self.bs)
            if name not in self.tainted and all(look.is_written(off) for off in page):
                scribble_past_eof(os.path.join("mnt", name))
                self.stats["scribbled"] += 1

    # -- judging -----------------------------------------------------------------------------------

    def judge_ours(self, name, look):
        why = look.content.difference(self.ours.model[name])
        if why:
            raise Failed("ours: " + why)
        if any(look.past) and name in self.scrubbed:
            raise Failed("ours: mmap shows bytes past EOF")
        self.stats["shown"] += 1

    def judge_states(self, name, ours, kern):
        """The same states, but where the kernel's are not determined."""
        if ours.states() == kern.states():
            if name not in self.loose:
                self.judge_sectors(name, ours, kern)
            return
        allowed = {("unwritten", "written"): self.loose, ("unwritten", None): self.paged}
        mine, theirs = ours.blocks(self.bs), kern.blocks(self.bs)
        for block in set(mine) | set(theirs):
            pair = mine.get(block), theirs.get(block)
            if pair[0] != pair[1] and name not in allowed.get(pair, ()):
                raise Failed("block %d is %s, but the kernel's %s" % (block, *pair))
        self.stats["maps differ as they may"] += 1

    def may_be_smaller(self, name, kern):
        # doc/kernel.md: a hole leaves indirect blocks that map nothing
        return super().may_be_smaller(name, kern) or any("punch" in op for op in self.history[name])

    # -- a round -----------------------------------------------------------------------------------

    def round(self):
        self.recent.clear()
        plain = 0 if "ext2" in self.config else 6 if "nojournal" in self.config else len(MOUNTS)
        self.options = self.rng.choice(MOUNTS[:plain] or ("",))
        if self.options in LOOSE:
            self.loose |= set(self.names)
        with self.kern.mounted(self.options):
            if self.one_by_one:
                for name in self.rng.sample(self.names, self.count * 2 // 3):
                    for _ in range(self.rng.choice((1, 1, 2, 3))):
                        self.run_full(name)
            else:
                self.one_round()
        before = self.ours.looks
        wide = self.ours.sound("after ours")
        self.look(self.ours)
        wide |= self.ours.sound("after the kernel mounted ours")
        self.look(self.kern)
        self.judge(before)
        self.edited = set(self.names)
        self.judge_trees(wide, before)
        self.wide = wide

    def one_round(self):
        for part in range(2):
            if part:
                self.pollute_now(self.rng.sample(self.names, self.count // 5))
            self.run_script(self.rng.sample(self.names, self.count * 2 // 3))
            for name in self.rng.sample(self.names, 3):
                self.run_single(name)
            before = self.ours.digest()
            for name in self.rng.sample(self.names, 6):
                self.run_wrong(name)
            if self.ours.digest() != before:
                raise Failed("something was refused, but the image was changed")

    def run(self):
        self.start()
        able = probe(self)
        for name in self.names:
            # what the kernel cannot do is judged by the model alone
            if self.extents and not able and not self.one_by_one and self.rng.random() < 0.1:
                self.alone.add(name)
        self.tainted |= self.alone
        if self.one_by_one:
            # a write that finds no space at first is begun again, and frees what lies past EOF
            self.paged |= set(self.names)
        for number in range(self.rounds):
            if number:
                self.pollute()
            self.round()
        self.stats["sequences"] = self.count


if __name__ == "__main__":
    sys.exit(main(Edits(sys.argv[1:])))
