# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that findings do not depend on which inode has which number: order.py DIR

Some parties, a file each, lead to the same tree blocks, or map what these list. All permutations of their
inode numbers are checked, which is the order in which one thread walks them, with one and with two threads.
"""

import itertools
import json
import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", part) for part in ("fuzz", "witness")]
import agree    # noqa: E402
import craft    # noqa: E402
from craft import DIR, index, leaf, node, pointers  # noqa: E402
from imgfmt import crc32c  # noqa: E402

FIRST = 12
CASES = []


class Image(craft.Image):
    """Its inodes are made up by parties; blocks are used from 2000 on, and the bitmaps say so.

    more: the features beside those for extents; the clusters of bigalloc have 16 blocks.
    """

    def __init__(self, more, numbers):
        super().__init__(features="filetype,extent" + ("," + more) * (more not in ("", "shared_blocks")))
        self.sb(0x64, self.get(1024 + 0x64) | 0x4000 * (more == "shared_blocks"))
        self.csum, self.numbers = more == "metadata_csum", numbers
        self.ratio = 16 if more == "bigalloc" else 1
        self.seed = crc32c(0xFFFFFFFF, bytes(self.data[1024 + 0x68:1024 + 0x78]))

    def party(self, name, i_block, **more):
        self.inode(self.numbers[name], i_block=i_block, **dict({"size": 5000}, **more))

    def tree(self, n, entries, depth=0, owner=None):
        """Block N is a tree block, of OWNER by its checksum."""
        data = node(entries, depth, room_bytes=self.bs)
        self.block(n, data)
        if self.csum and owner:
            tail = 12 + 12 * ((self.bs - 12) // 12)
            crc = crc32c(self.inode_seed(self.numbers[owner]), bytes(self.data[n * self.bs:n * self.bs + tail]))
            self.put(n * self.bs + tail, crc)

    def inode_seed(self, ino):
        return crc32c(self.seed, struct.pack("<II", ino, 0))

    def finish(self):
        """Counts, bitmaps and checksums are right."""
        d = self.desc
        blocks, inodes = (self.get(d + at) * self.bs for at in (0, 4))
        first = self.get(1024 + 0x14)
        for n in range(2000, 2100):
            n = (n - first) // self.ratio
            self.data[blocks + n // 8] |= 1 << n % 8
        for at, bitmap, count in (12, blocks, (self.blocks - first) // self.ratio), (14, inodes, self.per_group):
            self.put(d + at, sum(not self.data[bitmap + i // 8] >> i % 8 & 1 for i in range(count)), 2)
        self.put(d + 0x1C, 0, 2)
        if not self.csum:
            return self
        for ino in self.numbers.values():
            at = self.slot(ino)
            raw = bytearray(self.data[at:at + self.isize])
            raw[0x7C:0x7E] = b"\0\0"
            self.put(at + 0x7C, crc32c(self.inode_seed(ino), bytes(raw)), 2)
        for at, bitmap, size in (0x18, blocks, self.get(1024 + 0x20) // 8), (0x1A, inodes, self.per_group // 8):
            self.put(d + at, crc32c(self.seed, bytes(self.data[bitmap:bitmap + size])), 2)
        self.put(d + 0x1E, 0, 2)
        self.put(d + 0x1E, crc32c(crc32c(self.seed, struct.pack("<I", 0)), bytes(self.data[d:d + 32])), 2)
        return self


def case(features, parties, **due):
    """A function makes the parties, named by letters; DUE says of each what is found (TWICE by default).

    features: what images have beside extents, one after the other.
    """
    def keep(function):
        CASES.append((function, features, parties, due))
        return function
    return keep


PLAIN, BOTH, CLUSTERS, SHARED = ("",), ("", "metadata_csum"), ("bigalloc",), ("shared_blocks",)
TWICE, NOTHING = "blocks are claimed more than once", None
ORDER, CSUM = "extents are out of order or overlap", "a tree block's checksum is wrong"


@case(BOTH, "abc")
def leaf_of_two(img):
    """Valid for a by its checksum; c has what it lists."""
    img.tree(2001, [leaf(0, 5, 2010)], owner="a")
    img.party("a", node([index(0, 2001)], 1))
    img.party("b", node([index(0, 2001)], 1))
    img.party("c", node([leaf(0, 3, 2012)]))


@case(BOTH, "abcd", d=NOTHING)
def depth(img):
    """b's tree is said to be deeper; d has what nobody else has."""
    img.tree(2001, [leaf(0, 5, 2010)], owner="a")
    img.party("a", node([index(0, 2001)], 1))
    img.party("b", node([index(0, 2001)], 2))
    img.party("c", node([leaf(0, 1, 2014)]))
    img.party("d", node([leaf(0, 2, 2015)]))


@case(BOTH, "abc")
def ranges(img):
    """What the block lists is out of b's range."""
    img.tree(2001, [leaf(0, 2, 2010), leaf(5, 2, 2020)], owner="a")
    img.party("a", node([index(0, 2001)], 1))
    img.party("b", node([index(0, 2001), index(3, 2002)], 1))
    img.party("c", node([leaf(0, 1, 2021)]))


@case(BOTH, "abcd")
def two_levels(img):
    """The leaf below a block of two is d's, too; c has what the leaf lists."""
    img.tree(2001, [index(0, 2002)], 1, owner="a")
    img.tree(2002, [leaf(0, 5, 2010)], owner="a")
    img.party("a", node([index(0, 2001)], 2))
    img.party("b", node([index(0, 2001)], 1))
    img.party("c", node([leaf(0, 1, 2014)]))
    img.party("d", node([index(0, 2002)], 1))


@case(PLAIN, "abcd")
def levels_of_pointers(img):
    """Of a with one level of pointers, of b with two; c and d have what it leads to as either."""
    img.block(2001, struct.pack("<II", 2010, 2011))
    img.block(2010, struct.pack("<I", 2020))
    img.party("a", pointers(ind=2001), flags=0)
    img.party("b", pointers(dind=2001), flags=0)
    img.party("c", node([leaf(0, 1, 2011)]))
    img.party("d", node([leaf(0, 1, 2020)]))


@case(PLAIN, "abcd")
def node_and_pointers(img):
    """A leaf of a is b's block of pointers, and the logical block of its extent one of them."""
    img.tree(2001, [leaf(2030, 2, 2010)])
    img.party("a", node([index(0, 2001)], 1))
    img.party("b", pointers(ind=2001), flags=0)
    img.party("c", node([leaf(0, 1, 2011)]))
    img.party("d", node([leaf(0, 1, 2030)]))


@case(BOTH, "ab")
def twice_in_one(img):
    """a leads to it twice, in ranges that have half of its extents each."""
    img.tree(2001, [leaf(0, 2, 2010), leaf(8, 2, 2020)], owner="a")
    img.party("a", node([index(0, 2001), index(8, 2001)], 1))
    img.party("b", node([leaf(0, 1, 2021)]))


@case(BOTH, "abcd", d=ORDER, c=NOTHING)
def out_of_order(img):
    """The last entry of d is out of order, however much the first one maps, which is a's and b's."""
    img.tree(2001, [leaf(0, 80, 2010)], owner="a")
    img.tree(2002, [leaf(50, 1, 2005)], owner="d")
    img.tree(2003, [leaf(0, 1, 2006)], owner="d")
    img.party("a", node([index(0, 2001)], 1), size=80 << 10)
    img.party("b", node([index(0, 2001)], 1), size=80 << 10)
    img.party("c", node([leaf(0, 1, 2005)]), size=1000)
    img.party("d", node([index(0, 2003), index(100, 2004), index(50, 2002)], 1))


@case(BOTH, "abc", c=NOTHING)
def out_of_order_contested(img):
    """The same, where it is the contested block that may have been read or not."""
    img.tree(2001, [leaf(0, 80, 2010)], owner="a")
    img.tree(2002, [leaf(50, 1, 2005)], owner="b")
    img.party("a", node([index(0, 2001)], 1), size=80 << 10)
    img.party("b", node([index(0, 2001), index(100, 2004), index(50, 2002)], 1))
    img.party("c", node([leaf(0, 1, 2005)]), size=1000)


@case(BOTH, "abc")
def attribute(img):
    """What the block lists is an attribute block of c."""
    img.tree(2001, [leaf(0, 5, 2010)], owner="a")
    img.party("a", node([index(0, 2001)], 1))
    img.party("b", node([index(0, 2001)], 1))
    img.party("c", node([]), size=0)
    img.put(img.slot(img.numbers["c"]) + 0x68, 2012)


@case(BOTH, "abc", a=NOTHING, b=NOTHING, c=CSUM)
def of_one(img):
    """What is only c's is not read if its checksum is wrong."""
    img.tree(2001, [leaf(0, 5, 2010)], owner="a")
    img.tree(2002, [leaf(0, 5, 2010)], owner="b" if img.csum else "c")
    img.party("a", node([index(0, 2001)], 1))
    img.party("b", node([leaf(0, 5, 2020)]))
    img.party("c", node([index(0, 2002)] if img.csum else [leaf(0, 5, 2030)], img.csum), size=5000)


@case(BOTH, "aub")
def unlinked(img):
    """u was deleted; its blocks are claimed anyway. a is a directory."""
    img.tree(2001, [leaf(0, 5, 2010)], owner="a")
    img.party("a", node([index(0, 2001)], 1), mode=DIR, links=2, size=5 << 10)
    img.party("u", node([index(0, 2001)], 1), links=0)
    img.party("b", node([leaf(0, 1, 2014)]))


@case(CLUSTERS, "abc", c=NOTHING)
def cluster_of_two_leaves(img):
    """One cluster of b holds what comes before and what comes after the block that a has, too."""
    img.tree(2016, [leaf(4, 4, 2052)])
    img.tree(2000, [leaf(0, 4, 2032)])
    img.tree(2064, [leaf(8, 4, 2040)])
    img.party("a", node([index(4, 2016)], 1), size=8 << 10)
    img.party("b", node([index(0, 2000), index(4, 2016), index(8, 2064)], 1), size=12 << 10)
    img.party("c", node([leaf(0, 1, 2080)]), size=1000)


@case(SHARED, "abc", c=NOTHING)
def shown(img):
    """a shows the block that c ends in; b's tree is said to be deeper."""
    img.tree(2001, [leaf(0, 5, 2010), leaf(5, 32768 + 1, 2015)])
    img.fill(2010, 6)
    img.party("a", node([index(0, 2001)], 1))
    img.party("b", node([index(0, 2001)], 2))
    img.party("c", node([leaf(0, 1, 2010)]), size=1000)


def report(e4zero, path, options, names):
    """What is said of each party, and of all: the same for the same parties, whatever their numbers."""
    done = subprocess.run([e4zero, "--check", "--json", *options, path], capture_output=True, timeout=60)
    out, why = [], {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record.get("type") == "image":
            continue
        for key in "seconds", "bytes_read":
            record.pop(key, None)
        if record.get("ino") in names:
            record["ino"] = names[record["ino"]]
        if record.get("kind") == "unreadable":
            why[record["ino"]] = record["why"]
        out.append(json.dumps(record))
    return [str(done.returncode), done.stderr.decode()] + sorted(out), why


def judge(e4zero, path, function, features, parties, due):
    before = {}
    for order in itertools.permutations(parties):
        numbers = {name: FIRST + i for i, name in enumerate(order)}
        img = Image(features, numbers)
        function(img)
        craft.write(path, img.finish())
        names = {ino: name for name, ino in numbers.items()}
        where = "%s%s, %s: " % (function.__name__, " " * bool(features) + features, "".join(order))
        for options in [], ["-j2"], ["--paranoid"], ["--all"], ["--all", "-j2"]:
            result, why = report(e4zero, path, options, names)
            first = before.setdefault(" ".join(o for o in options if o != "-j2"), result)
            if result != first:
                yield where + "%s: %s, but in another order %s" % (
                    options, sorted(set(result) - set(first)), sorted(set(first) - set(result)))
            for name in parties:
                wanted = due.get(name, TWICE) if name != "u" and not (due.get(name) == CSUM and not features) else None
                if why.get(name) != wanted:
                    yield where + "%s: %s: %s, not %s" % (options, name, why.get(name), wanted)
        for fault in agree.both(e4zero, path, False)[0]:
            yield where + fault


def main():
    path, e4zero, count, bad = os.path.join(sys.argv[1], "image"), os.environ["E4ZERO"], 0, 0
    for function, kinds, parties, due in CASES:
        for features in kinds:
            count += 1
            for fault in itertools.islice(judge(e4zero, path, function, features, parties, due), 3):
                bad += 1
                print(fault)
    print("%d cases, %d faults" % (count, bad))
    return bad != 0


sys.exit(main())
