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

import collections
import os
import random
import re
import subprocess
import sys
import zlib

from layouts import Maker, fill_up, junk, limit_of, target
from mounted import Failed, Look, Mounted, look_all, run

LINES = re.compile(r"e2fsck [0-9.]+ .*|Pass [1-5]: .*|[^ ]+: [0-9]+/[0-9]+ files .*|"
                   r"Superblock hint for external superblock should be .*|")
TREE = re.compile(r"Inode ([0-9]+) extent tree .* could be .*")


def kernel_truncate(path, size):
    """The error, or None. Not truncate(2): there 6.18 oopses when a file outgrows its inode."""
    try:
        with open(path, "r+b", buffering=0) as file:
            os.ftruncate(file.fileno(), size)
    except OSError as err:
        return err
    return None


class Side:
    """One of the two copies."""

    def __init__(self, name, external):
        self.image = name + ".img"
        self.journal = name + ".journal" if external else None
        self.model, self.looks, self.quota = {}, {}, False

    def mounted(self, options=""):
        return Mounted(self.image, "mnt", options, self.journal)

    def poke(self, off, data):
        with open(self.image, "r+b") as image:
            image.seek(off)
            image.write(data)

    def digest(self):
        crc = 0
        for path in (self.image, self.journal):
            if path:
                with open(path, "rb") as image:
                    while data := image.read(1 << 22):
                        crc = zlib.crc32(data, crc)
        return crc

    def sound(self, when):
        """e2fsck finds no fault; the inodes whose tree it would like to be smaller."""
        wide = set()
        journal = ["-j", self.journal] if self.journal else []
        try:
            out = run("e2fsck", "-fn", *journal, self.image)
        except Failed as err:
            raise Failed("%s: %s" % (when, err)) from None
        for line in out.splitlines():
            tree = TREE.match(line)
            if tree:
                wide.add(int(tree[1]))
            elif not LINES.fullmatch(line):
                raise Failed("e2fsck %s: %s" % (when, line))
        return wide


class Batch:
    def __init__(self, args):
        self.driver, self.config = args[0], args[1]
        self.bs, self.seed, self.count, self.steps = (int(n) for n in args[2:6])
        self.image_size, self.mkfs = args[6], args[7:]
        self.rng = random.Random("%s %d %d" % (self.config, self.bs, self.seed))
        self.names = ["f%02d" % i for i in range(self.count)]
        self.ours = Side("ours", "external" in self.config)
        self.kern = Side("kern", "external" in self.config)
        self.tainted, self.apart, self.inside, self.low = set(), set(), set(), {}
        self.limit, self.edited, self.wide, self.stats = 0, set(), set(), collections.Counter()
        self.history = collections.defaultdict(list)
        self.one_by_one = "full" in self.config or "quota" in self.config

    # -- the image ---------------------------------------------------------------------------------

    def make_image(self):
        """Every free byte is a canary; one image, populated by the kernel, then copied."""
        canary = bytes([0xA5]) * (1 << 20)
        with open("ours.img", "wb") as image:
            for _ in range(int(self.image_size)):
                image.write(canary)
        args = ["-E", "nodiscard,lazy_itable_init=0", "-b", str(self.bs)] + self.mkfs
        if self.ours.journal:
            self.make_journal(args)
        else:
            run("mke2fs", "-q", "-F", *args, "ours.img")
        os.makedirs("mnt", exist_ok=True)
        maker = Maker(self.rng, self.bs, self.config)
        with self.ours.mounted():
            for name in self.names:
                maker.make(os.path.join("mnt", name))
            self.limit = limit_of("mnt/probe")
            if "full" in self.config:
                fill_up("mnt", self.rng.choice((0, 0, 1, 3)), self.bs)
        self.wide = self.ours.sound("after populating")
        self.copy("ours.img", "kern.img")
        if "quota" in self.config:  # not before: a kernel without quota mounts it read-only
            run("tune2fs", "-O", "quota", "ours.img")
            self.ours.quota = True

    def make_journal(self, args):
        run("truncate", "-s", "8M", "ours.journal")
        run("mke2fs", "-q", "-F", "-O", "journal_dev", "-b", str(self.bs), "ours.journal")
        device = run("losetup", "-f", "--show", "ours.journal").strip()
        try:
            run("mke2fs", "-q", "-F", *args, "-J", "device=" + device, "ours.img")
        finally:
            run("losetup", "-d", device)

    def copy(self, source, dest):
        run("cp", source, dest)
        if self.ours.journal:
            run("cp", "ours.journal", "kern.journal")

    def look(self, side):
        with side.mounted("ro" if side.quota else ""):
            side.looks = look_all("mnt", self.names, side is self.kern and "full" in self.config)

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
        for side in (self.ours, self.kern):
            script = "".join("set_inode_field %s size %d\n" % order for order in orders)
            if script:
                run("debugfs", "-w", "-f", "/dev/stdin", side.image, input=script)
        for name, size in orders:
            self.history[name].append("cut %d" % size)
            for side in (self.ours, self.kern):
                side.model[name].truncate(size)
            self.low[name] = min(self.low[name], size)
        self.stats["cuts"] += len(orders)

    def may_cut(self, name):
        look = self.ours.looks[name]
        # unwritten blocks behind the EOF of a deep tree are damage to e2fsck, whoever put them there
        deep = len(look.pieces) > 4 * (self.bs - 12) // 12 - 8
        if deep and any(piece[3] == "unwritten" for piece in look.pieces):
            return False
        return not look.inline and 1 < look.size < 2 ** 40 and not self.one_by_one

    def pollute_tail(self, side, look):
        rest = -look.size % self.bs
        place = look.at(look.size) if rest else None
        if place and self.rng.random() < 0.6:
            side.poke(place[0], junk(self.rng, rest))
            self.stats["polluted"] += place[1] == "written"
        for off, phys, length, state in look.pieces:
            if state == "unwritten" and off >= look.size and self.rng.random() < 0.3:
                side.poke(phys, b"\xA7" * min(length, 64 << 10))

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
        allowed = {"big", "quota" if "quota" in self.config else None,
                   "space" if "full" in self.config else None}
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

    def judge(self):
        for name in self.names:
            ours, kern = self.ours.looks[name], self.kern.looks[name]
            try:
                self.judge_ours(name, ours)
                self.judge_both(name, ours, kern)
            except Failed as err:
                raise Failed("%s (inode %d): %s\n  history: %s\n  ours: %s %s\n  kernel: %s %s" % (
                    name, ours.ino, err, ", ".join(self.history[name]), ours.inline,
                    ours.states()[-6:], kern and kern.inline, kern and kern.states()[-6:])
                ) from None
        self.judge_map()

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

    def judge_both(self, name, ours, kern):
        if not kern:  # 6.18 leaves a wrong checksum when there is no space for what was inline
            self.stats["broken by the kernel"] += 1
            self.apart.add(name)
            return
        if name in self.tainted:
            self.stats["tainted"] += 1
            return
        wrong = kern.content.difference(self.kern.model[name])
        if wrong and name in self.inside and not kern.inline:
            # 6.18 forgets its page cache, or the disk, when a truncate takes a file out of its inode
            self.stats["wrong by the kernel"] += 1
            self.tainted.add(name)
            return
        if wrong:
            raise Failed("the kernel: " + wrong)
        if name in self.apart:
            self.stats["apart"] += 1
            return
        if self.grew_empty(name, ours, kern):
            self.stats["hole instead of an empty block"] += 1
            self.apart.add(name)
            return
        if ours.inline != kern.inline and ours.size:
            self.stats["inline differs"] += 1
            self.apart.add(name)
            return
        if ours.states() != kern.states():
            raise Failed("the maps differ")
        self.judge_sectors(ours, kern)
        self.stats["compared"] += 1

    def grew_empty(self, name, ours, kern):
        """An empty file that outgrew its inode: the kernel maps a block, we need none."""
        return (name in self.inside and not ours.inline and not kern.inline and
                not ours.at(0) and kern.states()[:1] == [[0, self.bs, "written"]])

    def judge_sectors(self, ours, kern):
        """Equal, but that our tree may be the smaller one."""
        if ours.sectors == kern.sectors:
            return
        self.stats["smaller tree"] += 1
        indirect = "indirect" in self.config
        if ours.sectors > kern.sectors or indirect or kern.sectors * 512 == kern.mapped():
            raise Failed("%d sectors, not %d" % (ours.sectors, kern.sectors))

    def judge_map(self):
        """e4z_map() shows what FIEMAP shows."""
        out = run(self.driver, "map", self.ours.image, *("/" + name for name in self.names))
        maps = collections.defaultdict(list)
        for line in out.splitlines():
            name, lblk, length, pblk, state = line.split()
            maps[name[1:]].append((int(lblk) * self.bs, int(pblk) * self.bs,
                                   int(length) * self.bs, state))
        for name in self.names:
            shown = Look.__new__(Look)
            shown.pieces = maps[name]
            look = self.ours.looks[name]
            inline = any(piece[3] == "inline" for piece in shown.pieces)
            # an empty file's inline data is not shown by FIEMAP
            if (inline != look.inline and look.size) or (not inline and shown.places() != look.places()):
                raise Failed("%s: e4z_map() shows %s, FIEMAP %s" % (
                    name, shown.places(), look.places()))

    def judge_trees(self, wide, before):
        """A tree that could be smaller was so before, and its map is as it was."""
        for name in self.edited:
            look = self.ours.looks[name]
            if look.ino in wide and (look.ino not in self.wide or
                                     look.pieces != before[name].pieces):
                raise Failed("%s (inode %d): e2fsck wants a smaller tree" % (name, look.ino))

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
        self.judge()
        self.judge_trees(wide, before)
        self.wide = wide

    def run(self):
        self.make_image()
        for side in (self.ours, self.kern):
            self.look(side)
            side.model = {name: look.content.copy() for name, look in side.looks.items()}
        self.inside = {name for name in self.names if "inline" in self.config and
                       not self.ours.looks[name].pieces}
        self.low = {name: max([self.ours.looks[name].size] + [
            off + length for off, _, length, state in self.ours.looks[name].pieces
            if state == "written"]) for name in self.names}
        for _ in range(self.steps):
            self.pollute()
            self.step()
        self.stats["sequences"] = self.count


def main(args):
    batch = Batch(args)
    label = "%s %d seed %d" % (batch.config, batch.bs, batch.seed)
    try:
        batch.run()
    except Failed as err:
        print("%s: FAILED: %s" % (label, err))
        return 1
    print("%s: %s" % (label, ", ".join("%s %d" % item for item in sorted(batch.stats.items()))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
