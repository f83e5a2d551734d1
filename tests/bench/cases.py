# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmark runs and what it has to reach: tables only, bench.py is the driver.

A case runs its commands in turn on one image, round after round. A goal compares two commands of a case, pair by pair
in the same round. To measure something new, add a command, a case and its goals here.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One thing to run. In argv {image} is the image, {e4zero} our binary, {bin} the folder of the helpers."""
    name: str
    argv: tuple
    exits: tuple = (0,)
    into: tuple = ()          # a second command that reads the first one's output
    rounds: int = 1000        # at most so many of the case's rounds: for the slow ones
    stale: str = ""           # this word in the output is followed by the number of stale tails: must be right


@dataclass(frozen=True)
class Case:
    name: str
    image: str
    cache: str                # "warm": the image is in the page cache; "cold": evicted before each run
    commands: tuple
    rounds: int = 1000


@dataclass(frozen=True)
class AtMost:
    """Wall time of `what` <= factor x that of `ref` + plus seconds."""
    text: str
    case: str
    what: str
    ref: str
    factor: float
    plus: float = 0.0


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


CHECK_1 = Command("check -j1", ("{e4zero}", "--check", "-q", "-j1", "{image}"), exits=(4,))
CHECK_2 = Command("check -j2", ("{e4zero}", "--check", "-q", "-j2", "{image}"), exits=(4,))
FLOOR_1 = Command("floor -j1", ("{bin}/floor", "-j1", "{image}"), stale="stale")
FLOOR_2 = Command("floor -j2", ("{bin}/floor", "-j2", "{image}"), stale="stale")
E2FSCK = Command("e2fsck -fn", ("e2fsck", "-fn", "{image}"))
# -s prints every tail whole; only a reader that looks for non-zero bytes makes an answer of it.
BLKLS = Command("blkls -s | count", ("blkls", "-s", "{image}"), into=("{bin}/count",), rounds=3)
ZEROFREE = Command("zerofree -n", ("zerofree", "-n", "{image}"), rounds=2)


def only(command, rounds):
    return Command(**{**command.__dict__, "rounds": rounds})


OURS = (FLOOR_1, CHECK_1, FLOOR_2, CHECK_2)

CASES = (
    Case("S warm", "S", "warm", OURS + (E2FSCK, BLKLS, ZEROFREE)),
    Case("S cold", "S", "cold", OURS + (E2FSCK, BLKLS), rounds=3),
    Case("X warm", "X", "warm", OURS + (E2FSCK, BLKLS, only(ZEROFREE, 1))),
    Case("L warm", "L", "warm", OURS + (E2FSCK, BLKLS, only(ZEROFREE, 1))),
    Case("L cold", "L", "cold", OURS + (E2FSCK, only(BLKLS, 2), only(ZEROFREE, 1)), rounds=3),
    Case("T warm", "T", "warm", OURS + (only(E2FSCK, 1),), rounds=2),
)

GOALS = (
    AtMost("1 M files: --check against the floor, 1 thread", "L warm", "check -j1", "floor -j1", 1.3),
    AtMost("1 M files: --check against the floor, 2 threads", "L warm", "check -j2", "floor -j2", 1.3),
    AtMost("1 M files, cold: against the floor, 1 thread", "L cold", "check -j1", "floor -j1", 1.3),
    AtMost("1 M files, cold: against the floor, 2 threads", "L cold", "check -j2", "floor -j2", 1.3),
    Faster("1 M files: against e2fsck -fn, 1 thread", "L warm", "check -j1", "e2fsck -fn", 1.6),
    Faster("1 M files: against e2fsck -fn, 2 threads", "L warm", "check -j2", "e2fsck -fn", 2.3),
    Faster("1 M files: against blkls -s, 1 thread", "L warm", "check -j1", "blkls -s | count", 7),
    Faster("1 M files: against blkls -s, 2 threads", "L warm", "check -j2", "blkls -s | count", 10),
    Faster("1 M files, cold: against blkls -s, 1 thread", "L cold", "check -j1", "blkls -s | count", 3),
    Faster("1 M files, cold: against blkls -s, 2 threads", "L cold", "check -j2", "blkls -s | count", 3),
    Memory("1 M files: peak memory, 1 thread", "L warm", "check -j1", 64),
    Memory("1 M files: peak memory, 2 threads", "L warm", "check -j2", 64),
    Memory("10 M inodes: peak memory, 1 thread", "T warm", "check -j1", 64),
    Memory("10 M inodes: peak memory, 2 threads", "T warm", "check -j2", 64),
    AtMost("20 k files: against the floor, 1 thread", "S warm", "check -j1", "floor -j1", 1.5, 0.005),
    AtMost("20 k files: against the floor, 2 threads", "S warm", "check -j2", "floor -j2", 1.5, 0.005),
    AtMost("262,144 extents: against the floor, 1 thread", "X warm", "check -j1", "floor -j1", 1.5, 0.005),
    AtMost("262,144 extents: against the floor, 2 threads", "X warm", "check -j2", "floor -j2", 1.5, 0.005),
)
