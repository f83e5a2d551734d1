# SPDX-License-Identifier: GPL-2.0-or-later
"""What the library answers, as dataclasses: copies, which stay valid after the image is closed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Iterator, List, Optional, Tuple

from . import _abi
from ._abi import lib


def text(raw: Optional[bytes]) -> Optional[str]:
    """A name or a sentence; bytes that are not UTF-8 as os.fsdecode() has them."""
    return None if raw is None else os.fsdecode(raw)


def number(raw: int) -> Optional[int]:
    """A number, None for E4Z_NONE."""
    return None if raw == _abi.NONE else raw


def strings(raw: Any) -> Tuple[str, ...]:
    """A list that ends with NULL."""
    found: List[str] = []
    while raw and raw[len(found)] is not None:
        found.append(os.fsdecode(raw[len(found)]))
    return tuple(found)


@dataclass(frozen=True)
class Place:
    """Where in an image a file system is: see Error.places."""

    partition: int
    offset: int
    length: int
    type: Optional[str]
    label: Optional[str]
    name: Optional[str]

    @classmethod
    def _of(cls, raw: Any) -> Place:
        return cls(raw.partition, raw.offset, raw.len, text(raw.type), text(raw.label), text(raw.name))


class Error(Exception):
    """A call of libe4zero failed.

    code is the errcode_t, name its name ("E4Z_ET_BUSY", "ENOENT") or None, message the sentence of
    e4zero-errors(7), context what was being done ("": the message says it). places are the file
    systems to choose from if open() failed because there are several. str() is the whole sentence.
    """

    def __init__(self, code: int, message: str, context: str = "", places: Tuple[Place, ...] = ()):
        super().__init__(code, message, context, places)
        self.code = code
        self.name = text(lib.e4z_error_name(code))
        self.message = message
        self.context = context
        self.places = places

    def __str__(self) -> str:
        return "%s: %s" % (self.context, self.message) if self.context else self.message


@dataclass(frozen=True)
class ImageInfo:
    """Facts of an open image (struct e4z_image_info). journal: "none", "clean", "needs-replay", "external"."""

    path: str
    fs_offset: int
    block_size: int
    blocks: int
    group_blocks: int
    first_block: int
    inodes: int
    uuid: bytes
    features: Tuple[str, ...]
    journal: str
    journal_path: Optional[str]
    replayed: bool
    mounted: bool
    attached: bool
    mmp: bool
    notes: Tuple[str, ...]

    @classmethod
    def _of(cls, raw: Any) -> ImageInfo:
        return cls(os.fsdecode(raw.path), raw.fs_offset, raw.block_size, raw.blocks, raw.group_blocks,
                   raw.first_block, raw.inodes, bytes(raw.uuid), strings(raw.features),
                   _abi.word("JOURNAL", raw.journal), text(raw.journal_path), raw.replayed, raw.mounted,
                   raw.attached, raw.mmp, strings(raw.notes))


@dataclass(frozen=True)
class Finding:
    """Stale bytes in one place (struct e4z_finding); None is what is null in JSON. kind: "stale-tail" and the like."""

    kind: str
    ino: int
    group: int
    size: int
    lblk: Optional[int]
    pblk: Optional[int]
    blocks: int
    first: Optional[int]
    last: Optional[int]
    nonzero: int
    e2fsck: str
    fixable: bool
    fixed: bool
    path: Optional[str]
    why: Optional[str]

    @classmethod
    def _of(cls, raw: Any) -> Finding:
        return cls(text(lib.e4z_kind_name(raw.kind)) or str(raw.kind), raw.ino, raw.group, raw.size,
                   number(raw.lblk), number(raw.pblk), raw.blocks, number(raw.first), number(raw.last),
                   raw.nonzero, _abi.word("E2FSCK", raw.e2fsck), raw.fixable, raw.fixed, text(raw.path),
                   text(raw.why))

    def _raw(self) -> Any:
        def back(n: Optional[int]) -> int:
            return _abi.NONE if n is None else n

        return _abi.Finding(kind=lib.e4z_kind_by_name(self.kind.encode()), ino=self.ino, group=self.group,
                            size=self.size, lblk=back(self.lblk), pblk=back(self.pblk),
                            blocks=self.blocks, first=back(self.first), last=back(self.last),
                            nonzero=self.nonzero, fixable=self.fixable, fixed=self.fixed)


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why. left: it should have been edited. error: 0, or the failure."""

    ino: int
    path: Optional[str]
    why: str
    left: bool
    error: int

    @classmethod
    def _of(cls, raw: Any) -> Skipped:
        return cls(raw.ino, text(raw.path), os.fsdecode(raw.why), raw.left, raw.err)


@dataclass(frozen=True)
class Match:
    """A file that a pattern stands for. file is what the functions that take a FILE accept."""

    ino: int
    mode: int
    path: Optional[str]
    plain: bool
    literal: bool

    @property
    def file(self) -> str:
        """The path, or "<INO>" if there is none."""
        return self.path if self.path is not None else "<%d>" % self.ino

    @classmethod
    def _of(cls, raw: Any) -> Match:
        return cls(raw.ino, raw.mode, text(raw.path), raw.plain, raw.literal)


@dataclass(frozen=True)
class MapPiece:
    """A piece of a file's mapping, in blocks. state: "hole", "unwritten", "written", "inline"."""

    ino: int
    lblk: int
    blocks: int
    pblk: Optional[int]
    state: str
    past_eof: bool

    @classmethod
    def _of(cls, raw: Any) -> MapPiece:
        return cls(raw.ino, raw.lblk, raw.blocks, number(raw.pblk),
                   text(lib.e4z_map_state_name(raw.state)) or str(raw.state), raw.past_eof)


@dataclass(frozen=True)
class LedgerClass:
    """One class of the ledger: bytes of one owner, or those that have to be zero for one reason."""

    name: str
    places: int
    bytes: int
    stale_bytes: Optional[int]
    left: Optional[str]

    @classmethod
    def _of(cls, raw: Any) -> LedgerClass:
        return cls(os.fsdecode(raw.name), raw.places, raw.bytes, number(raw.stale_bytes), text(raw.left))


@dataclass(frozen=True)
class Ledger:
    """Every byte of the file system has one owner: the bytes of classes add up to size."""

    size: int
    classes: Tuple[LedgerClass, ...]
    after: LedgerClass

    @classmethod
    def _of(cls, raw: Any) -> Ledger:
        classes = tuple(LedgerClass._of(raw.classes[i]) for i in range(raw.count))
        return cls(raw.size, classes, LedgerClass._of(raw.after))


@dataclass(frozen=True)
class Shard:
    """One of the shards of a check (struct e4z_shard). whole: only a check of the whole image is certain."""

    first_group: int
    groups: int
    cluster_blocks: int
    fingerprint: int
    data: bool
    holes: bool
    whole: bool

    @classmethod
    def _of(cls, raw: Any) -> Shard:
        return cls(raw.first_group, raw.groups, raw.cluster_blocks, raw.fingerprint, raw.data, raw.holes, raw.whole)


@dataclass(frozen=True)
class Range:
    """LENGTH clusters or blocks from START on."""

    start: int
    length: int


@dataclass(frozen=True)
class Claims:
    """Some of the claims of a shard, in ascending order. of: "clusters", or "xattr" for blocks of attributes."""

    of: str
    ranges: Tuple[Range, ...]

    @classmethod
    def _of(cls, raw: Any) -> Claims:
        ranges = (raw.ranges[i] for i in range(raw.count))
        return cls(_abi.word("CLAIMS", raw.of), tuple(Range(one.start, one.len) for one in ranges))


@dataclass(frozen=True)
class CheckSummary:
    """What a check counted (struct e4z_check_summary)."""

    files: int
    findings: int
    fixed: int
    opaque: int
    skipped: int
    stale_bytes: int
    bytes_read: int
    only_holes: bool
    none_checked: bool

    @classmethod
    def _of(cls, raw: Any) -> CheckSummary:
        return cls(raw.files, raw.findings, raw.fixed, raw.opaque, raw.skipped, raw.stale_bytes,
                   raw.bytes_read, raw.only_holes, raw.none_checked)


@dataclass(frozen=True)
class CommitSummary:
    """What committing took (struct e4z_commit_summary)."""

    transactions: int
    barriers: int
    bytes_written: int
    log_blocks: int
    bytes_zeroed_again: int
    replayed: int
    orphans_finished: int
    orphans_left: int
    bytes_read: int

    @classmethod
    def _of(cls, raw: Any) -> CommitSummary:
        return cls(raw.transactions, raw.barriers, raw.bytes_written, raw.log_blocks,
                   raw.bytes_zeroed_again, raw.replayed, raw.orphans_finished, raw.orphans_left,
                   raw.bytes_read)


@dataclass(frozen=True)
class Plan:
    """What a commit would need: see Transaction.plan(). log_room: journal blocks for a transaction, None without a
    journal."""

    commit: CommitSummary
    log_room: Optional[int]


@dataclass(frozen=True)
class WriteRoom:
    """At most BYTES can be written; more would fail with ERROR, "EFBIG" or "E4Z_ET_NO_SPACE"."""

    bytes: int
    error: str


@dataclass(frozen=True)
class FixSummary:
    """What a fix did (struct e4z_fix_summary). log_room: None without a journal."""

    check: CheckSummary
    left: int
    commit: CommitSummary
    log_room: Optional[int]
    verified: int

    @classmethod
    def _of(cls, raw: Any) -> FixSummary:
        return cls(CheckSummary._of(raw.check), raw.left, CommitSummary._of(raw.commit),
                   number(raw.log_room), raw.verified)


@dataclass(frozen=True)
class ConvertSummary:
    """What Image.convert_all() did (struct e4z_convert_summary). log_room: None without a journal."""

    files: int
    skipped: int
    left: int
    log_blocks: int
    log_room: Optional[int]
    commit: CommitSummary

    @classmethod
    def _of(cls, raw: Any, done: Any) -> ConvertSummary:
        return cls(raw.files, raw.skipped, raw.left, raw.log_blocks, number(raw.log_room),
                   CommitSummary._of(done))


@dataclass(frozen=True)
class Edit:
    """What one operation did (struct e4z_edit). bytes: how many of what kind, by name, of those requested."""

    op: str
    ino: int
    requested: int
    size_before: int
    size_after: int
    bytes: Tuple[Tuple[str, int], ...]
    did_zero: bool
    zero_written: bool
    blocks_converted: int
    blocks_allocated: int
    blocks_freed: int
    note: Optional[str]

    @classmethod
    def _of(cls, raw: Any) -> Edit:
        return cls(os.fsdecode(raw.op), raw.ino, raw.requested, raw.size_before, raw.size_after,
                   tuple((name, getattr(raw, name)) for name in _abi.EDIT_COUNTERS), raw.did_zero,
                   raw.zero_written, raw.blocks_converted, raw.blocks_allocated, raw.blocks_freed,
                   text(raw.note))


@dataclass
class Check:
    """The result of Image.check(): iterate over it for its findings. shard and claims: of a check of a shard."""

    findings: List[Finding] = field(default_factory=list)
    skipped: List[Skipped] = field(default_factory=list)
    ledger: Optional[Ledger] = None
    summary: Optional[CheckSummary] = None
    shard: Optional[Shard] = None
    claims: List[Claims] = field(default_factory=list)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)


@dataclass
class Fix:
    """The result of Image.fix(): iterate over it for its findings, each fixed or with the reason why not."""

    findings: List[Finding] = field(default_factory=list)
    skipped: List[Skipped] = field(default_factory=list)
    ledger: Optional[Ledger] = None
    summary: Optional[FixSummary] = None

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)
