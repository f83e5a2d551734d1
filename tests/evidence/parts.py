# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of the evidence, as tables; evidence.py runs them.

A part is a command of the project at a stated size. Its figures are read from its output. A missing
figure is a failure of the part: a check that counts nothing proves nothing.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """The numbers of every line that the pattern matches.

    Each group is named after a figure. The values of several lines are added up; with `last`, the
    last one is used. With `words` the group is a list "NUMBER NAME; ...": each pair is a figure.
    """
    pattern: str
    last: bool = False
    words: bool = False


@dataclass(frozen=True)
class Part:
    name: str
    title: str
    command: tuple              # {make} is make in the build directory, {top} the source directory
    size: str                   # in words, for the page
    figures: tuple = ()
    env: tuple = ()             # NAME=VALUE
    limit: int = 900            # seconds: a part that takes longer has failed
    tables: bool = False        # its output is Markdown, which the page includes
    goals: str = ""             # a pattern of JSON files with goals, in {work}/images
    needs_root: bool = False


def room(name):
    """The line of tests/coverage/coverage.py about a room."""
    return Figure(r"^room %s +[\d.]+ +(?P<%s_lines>\d+) +(?P<%s_lines_missing>\d+) +\d+ +[\d.]+ +"
                  r"(?P<%s_branches>\d+) +(?P<%s_branches_missing>\d+) " % ((name,) * 5), last=True)


SUM = Figure(r"^(?P<passed>\d+) passed, (?P<failed>\d+) failed, (?P<skipped>\d+) skipped$", last=True)

PARTS = (
    Part("tests", "The tests of make check",
         ("{make}", "-j2", "check", "BROAD=1"), "all of them, every kind of image",
         (Figure(r"^# PASS: +(?P<passed>\d+)", last=True),
          Figure(r"^# SKIP: +(?P<skipped>\d+)", last=True),
          Figure(r"^# (?:FAIL|ERROR|XPASS): +(?P<failed>\d+)"))),
    Part("crash", "Every state that a crash can leave",
         ("{make}", "check-crash"), "every 40th row of the matrix, with up to 250 states of a kind each; "
         "rules broken on purpose; kill -9; a storm of edits",
         (Figure(r"^states: (?P<made>\d+) made, (?P<distinct>\d+) distinct"),
          Figure(r"^states: .*\((.*)\)", words=True),
          Figure(r"^classes:(.*)", words=True),
          Figure(r"^recovered to: (?P<before>\d+) before, (?P<between>\d+) between, (?P<after>\d+) after"),
          Figure(r"^also: (?P<overlay>\d+) through the overlay, (?P<replays_crashed>\d+) crashes of "
                 r"replays, (?P<writes_failed>\d+) failing writes"),
          Figure(r"^from outside:(.*)", words=True),
          Figure(r"^rows: (?P<rows_held>\d+) held, (?P<rows_broken>\d+) did not"), SUM),
         env=("PART=1/40",)),
    Part("kernel", "The kernel, asked to do the same",
         ("{make}", "check-kernel"), "sequences of every operation, conversions, natural crashes, replays, "
         "hash trees, scrubbed devices: the sample of every kind of file system",
         (Figure(r"^(?P<batches_equal>\d+) batches passed, (?P<batches_different>\d+) failed"), SUM),
         env=("SAMPLE=1",), needs_root=True),
    Part("witness", "An independent reader of the format",
         ("{make}", "check-witness"), "every other kind of image: findings, who owns every byte, --fix",
         (Figure(r"^\d+ of \d+ kinds agree.*, (?P<findings>\d+) findings"), SUM),
         env=("SAMPLE=1",)),
    Part("journal", "Logs: of a live kernel, and damaged",
         ("{make}", "check-journal"), "2,000 mutants of logs", (SUM,), env=("SAMPLE=1",)),
    Part("mutants", "Mutants of images, checksums repaired or not",
         ("{make}", "check-fuzz"), "a sample of six kinds of image; crafted images; damaged logs",
         (Figure(r"^\S+: (?P<mutants>\d+) mutants, (?P<mutants_failed>\d+) failed"),
          Figure(r"^(?P<judged>\d+) images, (?P<compared>\d+) compared with the witness, "
                 r"(?P<judged_differently>\d+) with faults"), SUM),
         env=("SAMPLE=1",)),
    Part("sequences", "Short sequences of operations against an array of bytes",
         ("{make}", "check-props"), "a sample", (SUM,), env=("SAMPLE=1",)),
    Part("model", "The order of writes as a model",
         ("{make}", "check-model"), "the searches that take a minute",
         (Figure(r"^holds: .*: (?P<states>\d+) states, depth"),
          Figure(r"^(?P<mutants_rejected>)rejected: "), SUM),
         env=("SAMPLE=1",)),
    Part("coverage", "Coverage of critical code by the tests",
         ("{make}", "coverage"), "the tests of the journal, the transaction, the locks and the superblock",
         (*map(room, ("journal", "transaction", "stash", "lock", "superblock")),
          Figure(r"^(?P<passed>\d+) tests passed, (?P<failed>\d+) failed, (?P<skipped>\d+) skipped", last=True))),
    Part("fleet", "1,000 images, engines killed on the way",
         ("{make}", "check-fleet"), "100 images", (SUM,), env=("SAMPLE=1",)),
    Part("peers", "The same edits by other tools, each killed at every write",
         ("{top}/tests/evidence/compare.sh",), "six edits of images of 16 MiB",
         (Figure(r"^\| e4zero \| (?P<states>\d+) \|"),), tables=True),
    Part("bench", "Speed against the peers and the floor",
         ("{top}/tests/bench/run.sh", "--quick"), "the image of 20 thousand files",
         goals="bench-*.json", env=("E4ZERO_BENCH_DIR={work}/images",)),
)

TOOLS = (
    ("kernel", ("uname", "-sr")),
    ("compiler", ("cc", "--version")),
    ("e2fsprogs", ("e2fsck", "-V")),
    ("qemu-img", ("qemu-img", "--version")),
    ("nbdkit", ("nbdkit", "--version")),
    ("spin", ("spin", "-V")),
    ("python", ("python3", "--version")),
)
