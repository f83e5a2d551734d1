# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmark runs and what it has to reach: tables only, bench.py is the driver.

A case runs its commands in turn on one image, round after round. A goal compares two commands of a
case, pair by pair in the same round. To measure something new, add a command, a case, its goals.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One thing to run.

    In argv {image} is the image, {e4zero} our binary, {bin} the programs of this directory, {here}
    this directory, {cache} where the images are.
    """
    name: str
    argv: tuple
    exits: tuple = (0,)
    into: tuple = ()          # a second command that reads the first one's output
    rounds: int = 1000        # at most so many of the case's rounds: for the slow ones
    stale: str = ""           # after this word the output has the number of stale tails: checked
    says: str = ""            # must be in the output; {fact} is one of NAME.json
    took: bool = False        # it says itself "took SECONDS s": its wall time, without preparations
    then: tuple = ()          # after the first round these must succeed, one argv each
    root: bool = False        # wants to be root


@dataclass(frozen=True)
class Case:
    name: str
    image: str
    cache: str                # "warm": in the page cache; "cold": evicted before each run
    commands: tuple
    rounds: int = 1000
    at_least: int = 0         # rounds whatever is asked for: of what takes milliseconds
    fresh: bool = False       # {image} is a copy made for the one run: the commands write to it


@dataclass(frozen=True)
class AtMost:
    """Wall time, or with cpu processor time, of `what` <= factor x that of `ref` + plus seconds."""
    text: str
    case: str
    what: str
    ref: str
    factor: float
    plus: float = 0.0
    cpu: bool = False


@dataclass(frozen=True)
class Faster:
    """Wall time of `ref` >= factor x that of `what`."""
    text: str
    case: str
    what: str
    ref: str
    factor: float


@dataclass(frozen=True)
class Memory:
    """Peak resident memory of `what` in any round <= mib."""
    text: str
    case: str
    what: str
    mib: int


@dataclass(frozen=True)
class Fewer:
    """What `ref` says of its NOUNs >= factor x what `what` says of its own."""
    text: str
    case: str
    what: str
    ref: str
    factor: float
    noun: str


@dataclass(frozen=True)
class Says:
    """The NOUNs that `what` says are <= most."""
    text: str
    case: str
    what: str
    noun: str
    most: int


CHECK_1 = Command("check -j1", ("{e4zero}", "--check", "-q", "-j1", "{image}"), exits=(4,))
CHECK_2 = Command("check -j2", ("{e4zero}", "--check", "-q", "-j2", "{image}"), exits=(4,))
# Four blocks of a gap are read over, as by the check: that is faster than another call.
FLOOR_1 = Command("floor -j1", ("{bin}/floor", "-j1", "-g4", "{image}"), stale="stale")
FLOOR_2 = Command("floor -j2", ("{bin}/floor", "-j2", "-g4", "{image}"), stale="stale")
# What any program costs that is linked with the same libraries.
LINKED = Command("floor", ("{bin}/linked",))
CHECK_EMPTY = Command("check", ("{e4zero}", "--check", "-q", "{image}"))
E2FSCK = Command("e2fsck -fn", ("e2fsck", "-fn", "{image}"))
# -s prints every tail whole; only a reader that looks for non-zero bytes makes an answer of it.
BLKLS = Command("blkls -s | count", ("blkls", "-s", "{image}"), into=("{bin}/count",), rounds=3)
ZEROFREE = Command("zerofree -n", ("zerofree", "-n", "{image}"), rounds=2)

# What is edited must be right afterwards, and e2fsck must have nothing to say.
FSCK = ("e2fsck", "-fn", "{image}")
HELD = (("{bin}/metadata", "holds", "{image}", "31873", "2"), FSCK)
REPLAY = Command("replay", ("{e4zero}", "--replay", "-q", "{image}"), then=HELD)
E2FSCK_REPLAY = Command("e2fsck journal_only", ("e2fsck", "-E", "journal_only", "-y", "{image}"),
                        exits=(0, 1), then=HELD)
WROTE = "wrote {written} bytes in {barriers} barriers"
FLOOR_COMMIT = Command("floor", ("{bin}/floor-commit", "{image}", "{cache}/K.places"), says=WROTE,
                       took=True)
COMMIT = Command("commit", ("{bin}/metadata", "commit", "{image}", "4000", "2"), says=WROTE,
                 took=True, then=(("{bin}/metadata", "holds", "{image}", "4000", "2"), FSCK))
TRUNCATE = Command("truncate", ("{e4zero}", "--truncate", "1", "{image}", "/striped"),
                   says=" to 1 bytes", then=(FSCK,))
KERNEL_TRUNCATE = Command("mount + truncate", ("{here}/kernel-truncate.sh", "{image}", "striped",
                                               "1"), then=(FSCK,), root=True)
FIX = Command("fix", ("{e4zero}", "--fix", "-q", "{image}"),
              then=(("{e4zero}", "--check", "-q", "{image}"), FSCK))
FLOOR_FIX = Command("floor + writes", ("{bin}/floor", "-j2", "-w", "{image}"), stale="stale")
KERNEL_FIX = Command("mount + zero tails", ("{here}/kernel-zero-tails.sh", "{image}",
                                            "{bin}/zero-tails"), rounds=1, root=True)
TO_WRITTEN = Command("convert written", ("{e4zero}", "--convert", "written", "{image}", "/file"),
                     says="2097152 blocks converted", then=(FSCK,))
DD_ZEROES = Command("mount + dd of zeros", ("{here}/kernel-convert.sh", "{image}", "file",
                                            "written"), rounds=1, root=True)
TO_UNWRITTEN = Command("convert unwritten", ("{e4zero}", "--convert", "unwritten", "{image}",
                                             "/striped"), says=" blocks converted", then=(FSCK,))
# all but the commit: the image stays what it is, and need not be copied
LOOK_FOR_ZEROS = Command("convert unwritten -n", ("{e4zero}", "--convert", "unwritten", "-n",
                                                  "{image}", "/striped"),
                         says="1048575 blocks converted")
# INO and the blocks that ours writes, half of them into the log
FLOOR_TREE = Command("floor: tree", ("{bin}/floor-convert", "{image}", "12", "tree", "20"))
FLOOR_DATA = Command("floor: read it", ("{bin}/floor-convert", "{image}", "12", "data"))
TO_HOLE = Command("convert hole", ("{e4zero}", "--convert", "hole", "{image}", "/file"),
                  says="524288 blocks converted", then=(FSCK,))
DIG_HOLES = Command("mount + fallocate -d", ("{here}/kernel-convert.sh", "{image}", "file",
                                             "hole"), root=True)
# All of a file: its tree becomes a handful of extents. The floor flips each block of the tree and
# keeps them all.
ZERO_STRIPED = Command("zero-range", ("{e4zero}", "--zero-range", "-o", "0", "-l", "8589933358",
                                      "{image}", "/striped"), says="1048575 blocks converted",
                       then=(FSCK,))
KERNEL_ZERO_STRIPED = Command("mount + fallocate -z", ("{here}/kernel-fallocate.sh", "{image}",
                                                       "striped", "zero"), then=(FSCK,), root=True)
FLOOR_FLIP = Command("floor: flip the tree", ("{bin}/floor-convert", "{image}", "12", "tree",
                                              "all"))
DEBUGFS_PUNCH = Command("debugfs punch", ("debugfs", "-w", "-R", "punch /striped 0 2097151",
                                          "{image}"), rounds=1)
ZERO_FILE = Command("zero-range", ("{e4zero}", "--zero-range", "-o", "0", "-l", "8G", "{image}",
                                   "/file"), says="2097152 blocks converted", then=(FSCK,))
KERNEL_ZERO_FILE = Command("mount + fallocate -z", ("{here}/kernel-fallocate.sh", "{image}", "file",
                                                    "zero"), then=(FSCK,), root=True)
DEBUGFS_PUNCH_FILE = Command("debugfs punch", ("debugfs", "-w", "-R", "punch /file 0 2097151",
                                               "{image}"), rounds=2)
PUNCH_SCRIPT = Command("script", ("{e4zero}", "-q", "--script", "{cache}/P.script", "{image}"),
                       then=(FSCK,))
KERNEL_PUNCH = Command("mount + punch", ("{here}/kernel-fallocate.sh", "{image}", "file", "every",
                                         "{bin}/punch-every"), then=(FSCK,), root=True)
STRIDES = ("--script", "{cache}/U.script", "{image}")
BATCH = Command("batch", ("{e4zero}", "--policy", "batch", *STRIDES), then=(FSCK,))
FLUSH_ALWAYS = Command("flush-always", ("{e4zero}", "--policy", "flush-always", *STRIDES),
                       then=(FSCK,))
# all but the writing: how much of the log it would take
ONE_BLOCK = Command("zero-range -n", ("{e4zero}", "-n", "--zero-range", "-o", "4295000064", "-l",
                                      "4096", "{image}", "/striped"), says="1 block converted")
# all but the writing: 2,000 names looked up in a directory of 1,000 and in one of 1,000,000
FEW_NAMES, MANY_NAMES = (
    Command(f"script -n, {names} names", ("{e4zero}", "-q", "-n", "--script",
                                          f"{{cache}}/D.{names}.script", "{image}"))
    for names in (1000, 1000000))
# The ledger: all but free blocks, free blocks alone, everything, and what changes nothing.
METADATA_1, METADATA_2 = (
    Command(f"metadata -j{n}", ("{e4zero}", "--check", "--all", "--only", "metadata", "-q", f"-j{n}",
                                "{image}"), exits=(0, 4)) for n in (1, 2))
FREE = ("--only", "free", "--json")
STALE = '"stale_bytes":{bytes},'
FREE_1, FREE_2 = (Command(f"free -j{n}", ("{e4zero}", "--check", *FREE, f"-j{n}", "{image}"),
                          exits=(4,), says=STALE) for n in (1, 2))
ZEROFREE_N = Command("zerofree -n", ("zerofree", "-n", "-v", "{image}"), says="{dirty}/")
ZEROFREE_FIX = Command("zerofree", ("zerofree", "-v", "{image}"), says="{dirty}/", then=(FSCK,))
FREE_FIX = Command("fix free", ("{e4zero}", "--fix", *FREE, "{image}"), says=STALE,
                   then=(FSCK, ("{e4zero}", "--check", "--only", "free", "-q", "{image}")))
READ_1, READ_2 = (Command(f"read once -j{n}", ("{bin}/floor-read", f"{n}", "{image}"))
                  for n in (1, 2))
ALL_1, ALL_2 = (Command(f"check all -j{n}", ("{e4zero}", "--check", "--all", "-q", f"-j{n}",
                                             "{image}"), exits=(0, 4)) for n in (1, 2))
FIX_ALL = Command("fix all", ("{e4zero}", "--fix", "--all", "-q", "{image}"), then=(FSCK,))
# of an image where it was done: nothing is written
FIX_NOTHING = Command("fix all -j2", ("{e4zero}", "--fix", "--all", "--json", "-j2", "{image}"),
                      says='"bytes_written":0,')
# In qcow2, against the same in the raw image, and against what it takes without us.
RAW_CHECK_1, RAW_CHECK_2 = (
    Command(f"raw -j{n}", ("{e4zero}", "--check", "-q", f"-j{n}", "{cache}/L.img"), exits=(4,))
    for n in (1, 2))
QCOW2_SOUND = (("{here}/qcow2-fsck.sh", "{image}"),)
QCOW2_FIX = Command("fix", ("{e4zero}", "--fix", "-q", "{image}"),
                    then=(("{e4zero}", "--check", "-q", "{image}"), *QCOW2_SOUND))
CONVERT_FIX = Command("convert, fix, back", ("{here}/qcow2-convert.sh", "{image}", "{e4zero}",
                                             "--fix", "-q"), then=QCOW2_FIX.then, rounds=2)
QCOW2_ZERO = Command("zero-range", ("{e4zero}", "--zero-range", "-o", "0", "-l", "8589933358",
                                    "{image}", "/striped"), says="1048575 blocks converted",
                     then=QCOW2_SOUND)
FUSE_ZERO = Command("FUSE, mount, fallocate -z", ("{here}/qcow2-fuse.sh", "{image}", "striped"),
                    then=QCOW2_SOUND, root=True)
# A shard finds all names of what it found: where there is nothing to find the parts are as much work as the whole.
CHECK_JSON_1 = Command("check --json -j1", ("{e4zero}", "--check", "--json", "-j1", "{image}"))
SHARDS = Command("4 shards -j1", ("{here}/shards.sh", "{e4zero}", "4", "{image}", "{cache}/V.report"))
MERGE = Command("merge", ("{e4zero}", "--merge", "-q", *("{cache}/V.report.%d" % i for i in (1, 2, 3, 4))))

# By nbdkit, against libnbd alone, which reads what the floor reads.
NBD_CHECK_1, NBD_CHECK_2 = (
    Command(f"check -j{n}", ("{here}/served.sh", "{image}", "{e4zero}", "--check", "-q", f"-j{n}",
                             "URI"), exits=(4,), took=True) for n in (1, 2))
NBD_FLOOR = Command("floor", ("{here}/served.sh", "{image}", "{bin}/floor-nbd", "URI", "LIST"),
                    took=True)


def only(command, rounds):
    return Command(**{**command.__dict__, "rounds": rounds})


OURS = (FLOOR_1, CHECK_1, FLOOR_2, CHECK_2)

# Their wall time is that of the loop, and that of parallel.
E2FSCK_LOOP, PARALLEL = (Command(name, ("{here}/thousand.sh", how, "{e4zero}", "{cache}/M.images"),
                                 says="{images} images in all", took=True)
                         for name, how in (("loop of e2fsck -fn", "e2fsck"),
                                           ("parallel -j2", "parallel")))

CASES = (
    Case("S warm", "S", "warm", OURS + (E2FSCK, BLKLS, ZEROFREE)),
    Case("S cold", "S", "cold", OURS + (E2FSCK, BLKLS), rounds=3),
    Case("X warm", "X", "warm", OURS + (E2FSCK, BLKLS, only(ZEROFREE, 1))),
    Case("L warm", "L", "warm", OURS + (E2FSCK, BLKLS, only(ZEROFREE, 1))),
    Case("L cold", "L", "cold", OURS + (E2FSCK, only(BLKLS, 2), only(ZEROFREE, 1)), rounds=3),
    Case("T warm", "T", "warm", OURS + (only(E2FSCK, 1),), rounds=2),
    Case("E warm", "E", "warm", (LINKED, CHECK_EMPTY), at_least=101),
    Case("R replay", "R", "warm", (E2FSCK_REPLAY, REPLAY), fresh=True),
    Case("K commit", "K", "warm", (FLOOR_COMMIT, COMMIT), fresh=True),
    Case("L fix", "L", "warm", (FLOOR_FIX, FIX, KERNEL_FIX), rounds=3, fresh=True),
    Case("A fix", "A", "warm", (FLOOR_FIX, FIX), rounds=1, fresh=True),
    Case("U convert", "U", "warm", (DD_ZEROES, TO_WRITTEN), rounds=3, fresh=True),
    Case("X convert", "X", "warm", (FLOOR_TREE, TO_UNWRITTEN), fresh=True),
    Case("Z convert", "Z", "warm", (FLOOR_DATA, LOOK_FOR_ZEROS), rounds=5),
    Case("H convert", "H", "warm", (DIG_HOLES, TO_HOLE), rounds=3, fresh=True),
    Case("X zero", "X", "warm", (FLOOR_FLIP, KERNEL_ZERO_STRIPED, ZERO_STRIPED, DEBUGFS_PUNCH),
         fresh=True),
    Case("C zero", "C", "warm", (KERNEL_ZERO_FILE, ZERO_FILE, DEBUGFS_PUNCH_FILE), fresh=True),
    Case("P punch", "P", "warm", (KERNEL_PUNCH, PUNCH_SCRIPT), rounds=3, fresh=True),
    Case("D lookup", "D", "warm", (FEW_NAMES, MANY_NAMES)),
    Case("U policy", "U", "warm", (BATCH, FLUSH_ALWAYS), rounds=3, fresh=True),
    Case("X one block", "X", "warm", (ONE_BLOCK,), rounds=1),
    Case("X truncate", "X", "warm", (KERNEL_TRUNCATE, TRUNCATE), fresh=True),
    Case("L all", "L", "warm", (CHECK_1, METADATA_1, CHECK_2, METADATA_2, READ_1, ALL_1, READ_2,
                                ALL_2)),
    Case("F free", "F", "warm", (ZEROFREE_N, FREE_1, FREE_2, READ_1, READ_2)),
    Case("G free", "G", "warm", (ZEROFREE_N, FREE_1, FREE_2, READ_1, READ_2)),
    Case("N free", "N", "warm", (ZEROFREE_N, FREE_1, FREE_2)),
    Case("F fix", "F", "warm", (ZEROFREE_FIX, FREE_FIX), fresh=True),
    Case("F all", "F", "warm", (READ_1, ALL_1, READ_2, ALL_2)),
    Case("B again", "B", "warm", (ALL_2, FIX_NOTHING)),
    Case("T all", "T", "warm", (ALL_2,), rounds=1),
    Case("T fix all", "T", "warm", (FIX_ALL,), rounds=1, fresh=True),
    Case("W all", "W", "warm", (ALL_2,), rounds=1),
    Case("Q warm", "Q", "warm", (RAW_CHECK_1, CHECK_1, RAW_CHECK_2, CHECK_2)),
    Case("Q fix", "Q", "warm", (CONVERT_FIX, QCOW2_FIX), rounds=3, fresh=True),
    Case("Y zero", "Y", "warm", (FUSE_ZERO, QCOW2_ZERO), fresh=True),
    Case("M fleet", "M", "warm", (E2FSCK_LOOP, PARALLEL), rounds=3),
    Case("L NBD", "L", "warm", (NBD_FLOOR, NBD_CHECK_1, NBD_CHECK_2)),
    Case("W fix all", "W", "warm", (FIX_ALL,), rounds=1, fresh=True),
    Case("V shards", "V", "warm", (CHECK_JSON_1, SHARDS, MERGE)),
)


def for_threads(kind, text, case, ref, *limits):
    """The same goal with one and with two threads; `ref` may depend on the thread count too."""
    return tuple(kind(f"{text}, {n} thread{'s'[:n - 1]}", case, f"check -j{n}",
                      *((ref.format(n=n),) if ref else ()), *limit)
                 for n, limit in enumerate(limits, 1))


L, X, S = "1 M files", "262,144 extents", "20 k files"
FREE_ZEROS, FREE_DIRTY = "free blocks of zeros", "free blocks without zeros"

GOALS = (
    *for_threads(AtMost, f"{L}: against the floor", "L warm", "floor -j{n}", (1.2,), (1.2,)),
    *for_threads(AtMost, f"{L}, cold: against the floor", "L cold", "floor -j{n}", (1.3,), (1.3,)),
    *for_threads(Faster, f"{L}: against e2fsck -fn", "L warm", "e2fsck -fn", (1.6,), (2.3,)),
    *for_threads(Faster, f"{L}: against blkls -s", "L warm", BLKLS.name, (7,), (10,)),
    *for_threads(Faster, f"{L}, cold: against blkls -s", "L cold", BLKLS.name, (3,), (3,)),
    *for_threads(AtMost, f"{L}, NBD: against libnbd alone", "L NBD", "floor", (1.3,), (1.3,)),
    *for_threads(Memory, f"{L}: peak memory", "L warm", "", (64,), (64,)),
    *for_threads(Memory, "10 M inodes: peak memory", "T warm", "", (64,), (64,)),
    *for_threads(AtMost, "10 M inodes: against the floor", "T warm", "floor -j{n}", (2,), (2,)),
    AtMost("an empty image: against a program that only links the libraries", "E warm",
           CHECK_EMPTY.name, LINKED.name, 1.5),
    *for_threads(AtMost, f"{S}: against the floor", "S warm", "floor -j{n}",
                 (1.5, 0.005), (1.5, 0.005)),
    *for_threads(AtMost, f"{X}: against the floor", "X warm", "floor -j{n}",
                 (1.5, 0.005), (1.5, 0.005)),
    AtMost("replay of 32,000 blocks: against e2fsck", "R replay", REPLAY.name, E2FSCK_REPLAY.name,
           1.0),
    AtMost("commit of 4,000 blocks: against the floor", "K commit", COMMIT.name, "floor", 1.3),
    AtMost("fix of 23 k tails among 1 M files: against the floor", "L fix", FIX.name,
           FLOOR_FIX.name, 1.5),
    Faster("fix of 23 k tails: against the kernel", "L fix", FIX.name, KERNEL_FIX.name, 50),
    Memory("fix of 1 M tails: peak memory", "A fix", FIX.name, 96),
    Faster("8 GiB unwritten to written: against dd of zeros", "U convert", TO_WRITTEN.name,
           DD_ZEROES.name, 50),
    AtMost("262,144 extents of host holes to unwritten: against the floor", "X convert",
           TO_UNWRITTEN.name, FLOOR_TREE.name, 5),
    AtMost("262,144 extents of zeros to unwritten: against reading them", "Z convert",
           LOOK_FOR_ZEROS.name, FLOOR_DATA.name, 1.3),
    Faster("holes in a half-zero file of 4 GiB: against fallocate -d", "H convert", TO_HOLE.name,
           DIG_HOLES.name, 1.5),
    Faster("truncate of 262,144 extents: against the kernel", "X truncate", TRUNCATE.name,
           KERNEL_TRUNCATE.name, 10),
    Faster("zero-range of 262,144 extents: against the kernel", "X zero", ZERO_STRIPED.name,
           KERNEL_ZERO_STRIPED.name, 10),
    AtMost("zero-range of 262,144 extents: against the floor", "X zero", ZERO_STRIPED.name,
           FLOOR_FLIP.name, 5),
    Faster("zero-range of 262,144 extents: against debugfs punch", "X zero", ZERO_STRIPED.name,
           DEBUGFS_PUNCH.name, 50),
    AtMost("zero-range of 66 extents: against the kernel", "C zero", ZERO_FILE.name,
           KERNEL_ZERO_FILE.name, 1),
    Faster("zero-range of 66 extents: against debugfs punch", "C zero", ZERO_FILE.name,
           DEBUGFS_PUNCH_FILE.name, 5),
    AtMost("131,072 holes in one script: against the kernel", "P punch", PUNCH_SCRIPT.name,
           KERNEL_PUNCH.name, 1),
    AtMost("2,000 names among 1,000,000: against among 1,000", "D lookup", MANY_NAMES.name,
           FEW_NAMES.name, 1, 0.05),
    Fewer("strided writes and zeroes: batch against flush-always", "U policy", BATCH.name,
          FLUSH_ALWAYS.name, 3, "barrier"),
    Faster("strided writes and zeroes: batch against flush-always", "U policy", BATCH.name,
           FLUSH_ALWAYS.name, 1),
    *(AtMost(f"{L}: all metadata against a plain check, {n}", "L all", f"metadata -j{n}",
             f"check -j{n}", 1.5) for n in (1, 2)),
    *(AtMost(f"{L}: all against reading once what the host has, {n}", "L all", f"check all -j{n}",
             f"read once -j{n}", 1.3) for n in (1, 2)),
    *(AtMost(f"{FREE_ZEROS}: all against reading once, {n}", "F all", f"check all -j{n}",
             f"read once -j{n}", 1.3) for n in (1, 2)),
    *(Faster(f"{text}: against zerofree -n, {n}", case, f"free -j{n}", ZEROFREE_N.name, factor)
      for text, case in ((FREE_ZEROS, "F free"), (FREE_DIRTY, "G free"))
      for n, factor in ((1, 2), (2, 3.5))),
    Faster("60 % host holes: against zerofree -n", "N free", FREE_2.name, ZEROFREE_N.name, 15),
    Faster("50,000 free blocks to be zeroed: against zerofree", "F fix", FREE_FIX.name,
           ZEROFREE_FIX.name, 1.4),
    AtMost("a second fix of everything: against a check", "B again", FIX_NOTHING.name, ALL_2.name,
           1.1),
    AtMost(f"{L}: CPU time of 4 shards against the whole", "V shards", SHARDS.name,
           CHECK_JSON_1.name, 1.3, cpu=True),
    AtMost(f"{L}: their merger against the whole", "V shards", MERGE.name, CHECK_JSON_1.name, 0.5),
    Memory(f"{L}: the merger of 4 shards: peak memory", "V shards", MERGE.name, 64),
    Memory("all of 10 M inodes: peak memory", "T all", ALL_2.name, 96),
    Memory("fix of all of 10 M inodes: peak memory", "T fix all", FIX_ALL.name, 96),
    Memory("all of 16 TiB: peak memory", "W all", ALL_2.name, 96),
    Memory("fix of all of 16 TiB: peak memory", "W fix all", FIX_ALL.name, 96),
    *for_threads(AtMost, f"{L} in qcow2: against the raw image", "Q warm", "raw -j{n}", (1.3,),
                 (1.3,)),
    Faster("fix of 23 k tails in qcow2: against converting", "Q fix", QCOW2_FIX.name,
           CONVERT_FIX.name, 10),
    Faster(f"zero-range of {X} in qcow2: against FUSE", "Y zero", QCOW2_ZERO.name, FUSE_ZERO.name,
           5),
    Faster("1,000 images of 64 MiB by GNU parallel: against a loop of e2fsck", "M fleet",
           PARALLEL.name, E2FSCK_LOOP.name, 1),
    Says("one block of 262,144 extents: leaves, not the tree", "X one block", ONE_BLOCK.name,
         "journal block", 24),
)
