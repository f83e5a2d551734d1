# SPDX-License-Identifier: GPL-2.0-or-later
"""Two copies of a file system, one for us and one for the kernel: made, polluted, and compared."""

import collections
import os
import random
import re
import zlib

from layouts import Maker, fill_up, junk, limit_of
from mounted import Failed, Look, Mounted, look_all, run

LINES = re.compile(r"e2fsck [0-9.]+ .*|Pass [1-5]: .*|[^ ]+: [0-9]+/[0-9]+ files .*|"
                   r"Superblock hint for external superblock should be .*|")
TREE = re.compile(r"Inode ([0-9]+) extent tree .* could be .*")


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


class Pair:
    """Both copies, with COUNT files. CONFIG is a name: what is in it changes the work."""

    def __init__(self, driver, config, bs, seed, count, image_size, mkfs):
        self.driver, self.config, self.bs, self.seed = driver, config, bs, seed
        self.image_size, self.mkfs = image_size, mkfs
        self.rng = random.Random("%s %d %d" % (config, bs, seed))
        self.names = ["f%02d" % i for i in range(count)]
        self.ours = Side("ours", "external" in config)
        self.kern = Side("kern", "external" in config)
        self.limit, self.edited, self.wide, self.stats = 0, set(), set(), collections.Counter()
        # the kernel's is wrong; the two are no longer the same; first in the inode
        self.tainted, self.apart, self.inside = set(), set(), set()
        self.history = collections.defaultdict(list)
        self.one_by_one = "full" in config

    def start(self):
        self.make_image()
        for side in (self.ours, self.kern):
            self.look(side)
            side.model = {name: look.content.copy() for name, look in side.looks.items()}
        self.inside = {name for name in self.names if "inline" in self.config and
                       not self.ours.looks[name].pieces}

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
        mount = self.ours.mounted()
        with mount:
            for name in self.names:
                maker.make(os.path.join("mnt", name))
            self.limit = limit_of("mnt/probe")
            if "full" in self.config:
                self.fill(mount)
        self.wide = self.ours.sound("after populating")
        self.copy("ours.img", "kern.img")
        if "quota" in self.config:  # not before: a kernel without quota mounts it read-only
            run("tune2fs", "-O", "quota", "ours.img")
            self.ours.quota = True

    def fill(self, _):
        fill_up("mnt", self.rng.choice((0, 0, 1, 3)), self.bs)

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

    def cut(self, orders):
        """Lower sizes (name, size) in the inodes alone."""
        for side in (self.ours, self.kern):
            script = "".join("set_inode_field %s size %d\n" % order for order in orders)
            if script:
                run("debugfs", "-w", "-f", "/dev/stdin", side.image, input=script)
        for name, size in orders:
            self.history[name].append("cut %d" % size)
            for side in (self.ours, self.kern):
                side.model[name].truncate(size)
        self.stats["cuts"] += len(orders)

    def may_cut(self, name):
        look = self.ours.looks[name]
        # unwritten blocks past the EOF of a deep tree are damage to e2fsck, whoever put them there
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

    # -- judging -----------------------------------------------------------------------------------

    def judge(self, before):
        """BEFORE: how ours looked."""
        for name in self.names:
            ours, kern = self.ours.looks[name], self.kern.looks[name]
            try:
                self.judge_ours(name, ours)
                self.judge_both(name, ours, kern)
            except Failed as err:
                raise Failed("%s (inode %d, size %d): %s\n  was: %s\n  history: %s\n  ours: %s %s\n  kernel: %s %s" % (
                    name, ours.ino, ours.size, err, before[name].states()[-20:],
                    ", ".join(self.history[name]), ours.inline, ours.states()[-20:],
                    kern and kern.inline, kern and kern.states()[-20:])) from None
        self.judge_map()

    def judge_both(self, name, ours, kern):
        if not kern:  # 6.18 leaves a wrong checksum when there is no space for what was inline
            self.stats["broken by the kernel"] += 1
            self.apart.add(name)
            return
        if name in self.tainted:
            self.stats["tainted"] += 1
            return
        wrong = kern.content.difference(self.kern.model[name])
        if wrong and "inline" in self.config and not kern.inline:
            # doc/kernel.md: 6.18 forgets its page cache, or the disk, when a file leaves its inode
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
        self.judge_states(name, ours, kern)
        self.stats["compared"] += 1

    def grew_empty(self, name, ours, kern):
        """A file of zeroes that outgrew its inode: one maps a block of them, the other a hole (doc/kernel.md)."""
        if name not in self.inside or ours.inline or kern.inline:
            return False
        mine, theirs = ours.blocks(self.bs), kern.blocks(self.bs)
        apart = [block for block in set(mine) | set(theirs) if mine.get(block) != theirs.get(block)]
        if len(apart) != 1:
            return False
        return theirs.get(apart[0]) == "written" or (mine.get(apart[0]), theirs.get(apart[0])) == ("written", None)

    def judge_states(self, name, ours, kern):
        if ours.states() != kern.states():
            raise Failed("the maps differ")
        self.judge_sectors(name, ours, kern)

    def judge_sectors(self, name, ours, kern):
        """Equal, but for the tree: ours may be the smaller one, and the larger one of more pieces."""
        if ours.sectors == kern.sectors:
            return
        self.stats["another tree"] += 1
        if ours.sectors < kern.sectors:
            good = self.may_be_smaller(name, kern)
        else:
            good = "indirect" not in self.config and len(ours.places()) > len(kern.places())
        if not good:
            raise Failed("%d sectors, not %d" % (ours.sectors, kern.sectors))

    def may_be_smaller(self, _, kern):
        return "indirect" not in self.config and kern.sectors * 512 != kern.mapped()

    def map_ours(self, names):
        """{name: [(offset, physical, length, state)]} as e4z_map() shows it."""
        out = run(self.driver, "map", self.ours.image, *("/" + name for name in names))
        maps = collections.defaultdict(list)
        for line in out.splitlines():
            name, lblk, length, pblk, state = line.split()
            maps[name[1:]].append((int(lblk) * self.bs, int(pblk) * self.bs,
                                   int(length) * self.bs, state))
        return maps

    def judge_map(self):
        """e4z_map() shows what FIEMAP shows."""
        maps = self.map_ours(self.names)
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


def main(batch):
    """Run BATCH: the exit status."""
    label = "%s %d seed %d" % (batch.config, batch.bs, batch.seed)
    try:
        batch.run()
    except Failed as err:
        print("%s: FAILED: %s" % (label, err))
        return 1
    print("%s: %s" % (label, ", ".join("%s %d" % item for item in sorted(batch.stats.items()))))
    return 0
