# SPDX-License-Identifier: GPL-2.0-or-later
"""Image and Transaction: the calls of libe4zero on an open image."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from types import TracebackType
from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple, Type, Union

from . import _abi
from ._abi import lib
from ._call import Callbacks, Progress
from ._results import (Check, CheckSummary, Claims, CommitSummary, ConvertSummary, Edit, Error, Finding, Fix,
                       FixSummary, ImageInfo, Ledger, MapPiece, Match, Place, Plan, Shard, Skipped, WriteRoom,
                       number, text)

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def version() -> str:
    """MAJOR.MINOR.PATCH of the library."""
    return str(lib.e4z_version().decode())


def _name(path: Path) -> bytes:
    raw = os.fsencode(path)
    if b"\0" in raw:
        raise ValueError("a name with a zero byte")
    return raw


def _encode(path: Optional[Path]) -> Optional[bytes]:
    return None if path is None else _name(path)


def _open_options(calls: Callbacks, partition: Optional[str], force: bool, journal_device: Optional[Path],
                  write: bool, repair: bool, holes: str, timeout: int,
                  wait: Optional[Callable[[int, int], object]], image_format: Optional[str],
                  backing: bool, passphrase_file: Optional[Path]) -> Any:
    number = lib.e4z_format_by_name(image_format.encode()) if image_format else 0
    if image_format and image_format != "auto" and not number:
        raise ValueError("not a format of images: %r" % image_format)
    return _abi.OpenOptions(
        partition=_encode(partition), force=force, journal_device=_encode(journal_device), write=write,
        repair=repair, holes=_abi.value("HOLES", holes), timeout_s=timeout,
        wait=calls.make(_abi.WAIT, wait or (lambda _left, _all: None)), format=number, backing=backing,
        passphrase_file=_encode(passphrase_file))


def open(spec: Path, *, write: bool = False, partition: Optional[str] = None, force: bool = False,
         journal_device: Optional[Path] = None, repair: bool = False, holes: str = "auto",
         timeout: int = 0, wait: Optional[Callable[[int, int], object]] = None,
         format: Optional[str] = None, backing: bool = False,
         passphrase_file: Optional[Path] = None) -> Image:
    """Open the file system in SPEC (a file, a device, the URI of an NBD export, "FILE?offset=N").

    The options are those of struct e4z_open_options. holes is "auto", "never" or "always"; wait gets
    the seconds that are left and all, while another host is waited for. Use the Image in a with block.
    """
    calls = Callbacks()
    options = _open_options(calls, partition, force, journal_device, write, repair, holes, timeout, wait,
                            format, backing, passphrase_file)
    handle = ctypes.c_void_p()
    code = lib.e4z_open(_name(spec), ctypes.byref(options), ctypes.byref(handle))
    image = Image._adopt(handle, calls)
    try:
        image._check_code(code, calls, _places(handle) if code else ())
    except BaseException:
        image.close()
        raise
    return image


def undo(spec: Path, undo_file: Path, *, dry_run: bool = False, partition: Optional[str] = None,
         force: bool = False, holes: str = "auto", timeout: int = 0,
         wait: Optional[Callable[[int, int], object]] = None, format: Optional[str] = None,
         backing: bool = False, passphrase_file: Optional[Path] = None) -> CommitSummary:
    """Restore in the image SPEC what UNDO_FILE saved, see Image.keep_undo()."""
    calls = Callbacks()
    options = _open_options(calls, partition, force, None, False, False, holes, timeout, wait, format,
                            backing, passphrase_file)
    done, why = _abi.CommitSummary(), ctypes.create_string_buffer(1024)
    code = lib.e4z_undo(_name(spec), ctypes.byref(options), _name(undo_file), dry_run,
                        ctypes.byref(done), why, len(why))
    if calls.raised:
        raise calls.raised
    if code:
        raise Error(code, text(why.value) or _message(None, code))
    return CommitSummary._of(done)


def _message(handle: Any, code: int) -> str:
    return os.fsdecode(lib.e4z_message(handle, code))


def _places(handle: Any) -> Tuple[Place, ...]:
    count = ctypes.c_size_t()
    places = lib.e4z_places(handle, ctypes.byref(count))
    return tuple(Place._of(places[i]) for i in range(count.value))


def _kinds(names: Optional[Iterable[str]]) -> int:
    kinds = 0
    for name in (names,) if isinstance(names, str) else names or ():
        found = lib.e4z_kinds_by_name(name.encode())
        if not found:
            raise ValueError("not a kind of findings: %r" % name)
        kinds |= found
    return kinds


def _shard(shard: Tuple[int, int]) -> Tuple[int, int]:
    one, count = shard
    # shard 0 of 0 would be all inodes
    if not 1 <= one <= count < 2**32:
        raise ValueError("not a shard: %r of %r" % shard)
    return one, count


class Image:
    """An open image, made by open()."""

    _handle: Any
    _owner: int
    _lock: threading.RLock
    _depth: List[str]
    _opening: Callbacks
    _transaction: Optional[Transaction]

    def __init__(self) -> None:
        raise TypeError("use e4zero.open()")

    @classmethod
    def _adopt(cls, handle: Any, calls: Callbacks) -> Image:
        self = cls.__new__(cls)
        self._handle, self._owner, self._lock = handle, os.getpid(), threading.RLock()
        self._depth, self._transaction = [], None
        # of open(): what writes first may wait for another host, too
        self._opening = calls
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        raise TypeError("an open image cannot be copied")

    @contextlib.contextmanager
    def _use(self, what: str = "") -> Iterator[Any]:
        """The handle, for a call; WHAT is a call whose callbacks must not use the image."""
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("the image is used by another thread")
        try:
            if not self._handle:
                raise ValueError("the image is closed")
            if self._owner != os.getpid():
                raise RuntimeError("the image belongs to the process that opened it")
            if self._depth and self._depth[-1]:
                raise RuntimeError("the image is used in a callback of %s()" % self._depth[-1])
            self._depth.append(what)
            try:
                yield self._handle
            finally:
                self._depth.pop()
        finally:
            self._lock.release()

    def _check_code(self, code: int, calls: Optional[Callbacks] = None,
                    places: Tuple[Place, ...] = ()) -> None:
        for these in (calls, self._opening):
            if these and these.raised:
                raised, these.raised = these.raised, None
                try:
                    raise raised
                finally:
                    # no cycle: the image is released as soon as nobody has it
                    del raised
        if code:
            raise Error(code, _message(self._handle, code), os.fsdecode(lib.e4z_context(self._handle)),
                        places)

    def __enter__(self) -> Image:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        try:
            if kind is None and self._handle:
                self.finish()
        finally:
            self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None) and self._owner == os.getpid():
            lib.e4z_close(self._handle)
            self._handle = None

    def finish(self) -> None:
        """The part of close() that can fail, with EIO; the end of a with block calls it."""
        with self._use() as handle:
            self._check_code(lib.e4z_finish(handle))

    def close(self) -> None:
        """Drop what was not committed, and release the image. May be called twice."""
        if not self._handle or self._owner != os.getpid():
            return
        if self._depth:
            raise RuntimeError("the image is closed in a callback")
        with self._use() as handle:
            self._handle = None
            lib.e4z_close(handle)

    @property
    def info(self) -> ImageInfo:
        """Facts of the image, as they are now."""
        with self._use() as handle:
            return ImageInfo._of(lib.e4z_info(handle)[0])

    @property
    def has_written(self) -> bool:
        """Has anything been written since open()? If not, the image is unchanged to the byte."""
        with self._use() as handle:
            return bool(lib.e4z_has_written(handle))

    @property
    def done(self) -> CommitSummary:
        """What was done to the image since open(), also by what failed."""
        done = _abi.CommitSummary()
        with self._use() as handle:
            lib.e4z_done(handle, ctypes.byref(done))
        return CommitSummary._of(done)

    def fingerprint(self) -> int:
        """A checksum of the superblock and the group descriptors."""
        with self._use() as handle:
            return int(lib.e4z_fingerprint(handle))

    # ---- reading ----

    @staticmethod
    def _check_options(calls: Callbacks, files: Optional[Iterable[Path]], **options: Any) -> Any:
        raw = _abi.CheckOptions(kinds=_kinds(options.pop("kinds")), stop=calls.stop_flag(), **options)
        if files is not None:
            names = [_name(file) for file in ([files] if isinstance(files, (str, bytes, os.PathLike)) else files)]
            # one more: an empty list is not NULL, which would be every file
            raw.files, raw.file_count = (ctypes.c_char_p * (len(names) + 1))(*names), len(names)
        return raw

    @staticmethod
    def _sink(calls: Callbacks, to: Union[Check, Fix], finding: Optional[Callable[[Finding], object]],
              progress: Optional[Progress]) -> Any:
        return _abi.CheckSink(
            finding=calls.deliver(_abi.FINDING, Finding._of, finding or to.findings.append),
            skipped=calls.deliver(_abi.SKIPPED, Skipped._of, to.skipped.append),
            ledger=calls.deliver(_abi.LEDGER, Ledger._of, lambda ledger: setattr(to, "ledger", ledger)),
            progress=calls.progress(progress))

    def check(self, files: Optional[Iterable[Path]] = None, *, kinds: Optional[Iterable[str]] = None,
              all: bool = False, paranoid: bool = False, opaque: bool = False, jobs: int = 0,
              shard: Optional[Tuple[int, int]] = None,
              finding: Optional[Callable[[Finding], object]] = None,
              claims: Optional[Callable[[Claims], object]] = None,
              progress: Optional[Progress] = None) -> Check:
        """Check the image, or FILES, and return the findings, in ascending order of inode and block.

        The options are those of struct e4z_check_options; kinds are names, as of --only. With
        finding, each one is passed to it and none is kept, for images with millions of them.
        progress gets the number of the pass, how far it is, and of how much.

        shard=(I, N): only the inodes of shard I of N, not with all or files. The result has what it
        is in shard, and its claims, or claims gets them, some at a time. The findings of all shards
        are those of a check of the whole image if no two shards claim the same cluster, no shard
        claims a block of attributes in a cluster of another one, no two different blocks of
        attributes are in one cluster, and no shard is whole.
        """
        calls, result, summary = Callbacks(), Check(), _abi.CheckSummary()
        options = self._check_options(calls, files, kinds=kinds, all=all, paranoid=paranoid,
                                      opaque=opaque, jobs=jobs)
        sink = self._sink(calls, result, finding, progress)
        if shard is not None:
            options.shard, options.shards = _shard(shard)
            sink.shard = calls.deliver(_abi.SHARD, Shard._of, lambda it: setattr(result, "shard", it))
            sink.claims = calls.deliver(_abi.CLAIMS, Claims._of, claims or result.claims.append)
        with self._use("check") as handle:
            self._check_code(lib.e4z_check(handle, ctypes.byref(options), ctypes.byref(sink),
                                           ctypes.byref(summary)), calls)
        result.summary = CheckSummary._of(summary)
        return result

    def peek(self, finding: Finding, length: int = 4096) -> bytes:
        """Up to LENGTH of the bytes that FINDING is about, from finding.first on, as they are now."""
        got, buffer = ctypes.c_size_t(), ctypes.create_string_buffer(length)
        with self._use() as handle:
            self._check_code(lib.e4z_peek(handle, ctypes.byref(finding._raw()), buffer, length,
                                          ctypes.byref(got)))
        return buffer.raw[:got.value]

    def expand(self, pattern: Path, *, below: bool = False, match: Optional[Callable[[Match], object]] = None,
               skipped: Optional[Callable[[Skipped], object]] = None) -> List[Match]:
        """The files that PATTERN stands for; with below, a directory stands for all files in it.

        With match, each one is passed to it as soon as it is found, and may be edited there.
        """
        calls, found = Callbacks(), []  # type: Tuple[Callbacks, List[Match]]
        options = _abi.ExpandOptions(
            below=below, stop=calls.stop_flag(),
            match=calls.deliver(_abi.MATCH, Match._of, match or found.append),
            skipped=calls.deliver(_abi.SKIPPED, Skipped._of, skipped or (lambda _skipped: None)))
        with self._use() as handle:
            self._check_code(lib.e4z_expand(handle, _name(pattern), ctypes.byref(options)), calls)
        return found

    def map(self, file: Path) -> List[MapPiece]:
        """The mapping of FILE, as FIEMAP has it, with the holes below EOF."""
        calls, pieces = Callbacks(), []  # type: Tuple[Callbacks, List[MapPiece]]
        piece = calls.deliver(_abi.PIECE, MapPiece._of, pieces.append)
        with self._use("map") as handle:
            self._check_code(lib.e4z_map(handle, _name(file), piece, None), calls)
        return pieces

    # ---- writing ----

    def fix(self, files: Optional[Iterable[Path]] = None, *, kinds: Optional[Iterable[str]] = None,
            all: bool = False, paranoid: bool = False, opaque: bool = False, jobs: int = 0,
            dry_run: bool = False, finding: Optional[Callable[[Finding], object]] = None,
            progress: Optional[Progress] = None) -> Fix:
        """Check, scrub the findings and commit; the arguments are those of check().

        dry_run: plan, and write nothing.
        """
        calls, result, summary = Callbacks(), Fix(), _abi.FixSummary()
        check = self._check_options(calls, files, kinds=kinds, all=all, paranoid=paranoid,
                                    opaque=opaque, jobs=jobs)
        options = _abi.FixOptions(check=check, dry_run=dry_run)
        sink = self._sink(calls, result, finding, progress)
        with self._use("fix") as handle:
            self._check_code(lib.e4z_fix(handle, ctypes.byref(options), ctypes.byref(sink),
                                         ctypes.byref(summary)), calls)
        result.summary = FixSummary._of(summary)
        return result

    def convert_all(self, to: str, *, split: bool = False, jobs: int = 0, dry_run: bool = False,
                    edit: Optional[Callable[[Edit], object]] = None,
                    skipped: Optional[Callable[[Skipped], object]] = None,
                    progress: Optional[Progress] = None) -> ConvertSummary:
        """Convert blocks of every file to "written", "unwritten" or "hole", and commit on the way.

        edit gets what was done to each file, skipped what was not done and why.
        """
        calls, summary, done = Callbacks(), _abi.ConvertSummary(), _abi.CommitSummary()
        options = _abi.ConvertOptions(
            to=_abi.value("TO", to), dry_run=dry_run, jobs=jobs, stop=calls.stop_flag(),
            progress=calls.progress(progress),
            edit=calls.deliver(_abi.EDIT, Edit._of, edit or (lambda _edit: None)),
            skipped=calls.deliver(_abi.SKIPPED, Skipped._of, skipped or (lambda _skipped: None)))
        edits = _abi.EditOptions(split=split, plan=dry_run)
        with self._use("convert_all") as handle:
            self._check_code(lib.e4z_begin(handle, ctypes.byref(edits)))
            try:
                self._check_code(lib.e4z_convert_all(handle, ctypes.byref(options), ctypes.byref(summary),
                                                     ctypes.byref(done)), calls)
            finally:
                lib.e4z_abort(handle)
        return ConvertSummary._of(summary, done)

    def replay(self, *, dry_run: bool = False) -> CommitSummary:
        """Replay the journal, and repair a torn superblock; nothing else."""
        done = _abi.CommitSummary()
        function = lib.e4z_plan_replay if dry_run else lib.e4z_replay
        with self._use() as handle:
            self._check_code(function(handle, ctypes.byref(done)))
        return CommitSummary._of(done)

    def trace(self, path: Path) -> None:
        """From now on, record every write, zeroing and barrier as a line in PATH."""
        with self._use() as handle:
            self._check_code(lib.e4z_trace(handle, _name(path)))

    def keep_undo(self, path: Path) -> None:
        """From now on, save in the new file PATH what is overwritten, for undo()."""
        with self._use() as handle:
            self._check_code(lib.e4z_keep_undo(handle, _name(path)))

    def transaction(self, *, split: bool = False, data: str = "journal", dry_run: bool = False,
                    orphan: Optional[Callable[[int, Optional[str]], object]] = None) -> Transaction:
        """A transaction, for a with block: its end commits, an exception in it drops what was done.

        split: an operation that is larger than the journal may take several transactions. data is
        "journal" or "ordered". dry_run: the end plans, and nothing is written. orphan gets each
        orphan inode, and why it is left (None: its truncate is finished).
        """
        return Transaction(self, split, _abi.value("DATA", data), dry_run, orphan)


class Transaction:
    """Operations on an image, durable together. summary has what committing (or planning) took."""

    def __init__(self, image: Image, split: bool, data: int, dry_run: bool,
                 orphan: Optional[Callable[[int, Optional[str]], object]]) -> None:
        self.summary: Optional[CommitSummary] = None
        self._image, self._dry_run = image, dry_run
        self._calls = Callbacks()
        self._options = _abi.EditOptions(split=split, data=data, plan=dry_run)
        if orphan:
            told = orphan
            self._options.orphan = self._calls.make(_abi.ORPHAN, lambda ino, why: told(ino, text(why)))

    def __enter__(self) -> Transaction:
        image = self._image
        with image._use("transaction") as handle:
            image._check_code(lib.e4z_begin(handle, ctypes.byref(self._options)), self._calls)
            image._transaction = self
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        image, done = self._image, _abi.CommitSummary()
        # an exception, that of a child of fork() for one, is not replaced by another
        if kind is not None and (not image._handle or image._owner != os.getpid()):
            return
        with image._use() as handle:
            image._transaction = None
            if kind is None and not self._dry_run:
                image._check_code(lib.e4z_commit(handle, ctypes.byref(done)))
                self.summary = CommitSummary._of(done)
                return
            try:
                if kind is None:
                    image._check_code(lib.e4z_plan(handle, ctypes.byref(done), None))
                    self.summary = CommitSummary._of(done)
            finally:
                lib.e4z_abort(handle)

    @contextlib.contextmanager
    def _open(self) -> Iterator[Any]:
        """The handle, if this transaction is open."""
        with self._image._use() as handle:
            if self._image._transaction is not self:
                raise RuntimeError("the transaction is not open")
            yield handle

    def plan(self) -> Plan:
        """What a commit would need now. Nothing is written, and the transaction continues."""
        done, room = _abi.CommitSummary(), ctypes.c_uint64()
        with self._open() as handle:
            self._image._check_code(lib.e4z_plan(handle, ctypes.byref(done), ctypes.byref(room)))
        return Plan(CommitSummary._of(done), number(room.value))

    def plan_commit(self) -> None:
        """Continue as after a commit, without writing: later operations are another transaction. With dry_run only."""
        if not self._dry_run:
            raise RuntimeError("the transaction is not a dry run")
        with self._open() as handle:
            self._image._check_code(lib.e4z_plan_commit(handle))

    def write_room(self, file: Path, offset: int) -> WriteRoom:
        """The maximum number of bytes that can be written to FILE at OFFSET."""
        count, beyond = ctypes.c_uint64(), _abi.errcode_t()
        with self._open() as handle:
            self._image._check_code(lib.e4z_write_room(handle, _name(file), offset, ctypes.byref(count),
                                                       ctypes.byref(beyond)))
        return WriteRoom(count.value, text(lib.e4z_error_name(beyond.value)) or str(beyond.value))

    def _run(self, function: Any, file: Path, *arguments: Any, calls: Optional[Callbacks] = None) -> Edit:
        edit, image = _abi.Edit(), self._image
        with image._use(str(function.__name__)) as handle:
            if image._transaction is not self:
                raise RuntimeError("the transaction is not open")
            image._check_code(function(handle, _name(file), *arguments, ctypes.byref(edit)), calls)
            return Edit._of(edit)

    def truncate(self, file: Path, size: int) -> Edit:
        """Set the size of FILE, as truncate(2)."""
        return self._run(lib.e4z_truncate, file, size)

    def zero_range(self, file: Path, offset: int, length: int, *, keep_size: bool = False) -> Edit:
        """FALLOC_FL_ZERO_RANGE of fallocate(2): whole blocks become unwritten."""
        return self._run(lib.e4z_zero_range, file, offset, length, keep_size)

    def punch_hole(self, file: Path, offset: int, length: int) -> Edit:
        """FALLOC_FL_PUNCH_HOLE: whole blocks are freed."""
        return self._run(lib.e4z_punch_hole, file, offset, length)

    def allocate(self, file: Path, offset: int, length: int, *, keep_size: bool = False) -> Edit:
        """Mode 0 of fallocate(2): holes become unwritten blocks."""
        return self._run(lib.e4z_allocate, file, offset, length, keep_size)

    def write_zeroes(self, file: Path, offset: int, length: int) -> Edit:
        """FALLOC_FL_WRITE_ZEROES: whole blocks end written, and zero on the disk."""
        return self._run(lib.e4z_write_zeroes, file, offset, length)

    def zero(self, file: Path, offset: int, length: int) -> Edit:
        """Zero what is written in the range, in its place."""
        return self._run(lib.e4z_zero, file, offset, length)

    def collapse_range(self, file: Path, offset: int, length: int) -> Edit:
        """FALLOC_FL_COLLAPSE_RANGE: remove the range."""
        return self._run(lib.e4z_collapse_range, file, offset, length)

    def insert_range(self, file: Path, offset: int, length: int) -> Edit:
        """FALLOC_FL_INSERT_RANGE: insert a hole."""
        return self._run(lib.e4z_insert_range, file, offset, length)

    def write(self, file: Path, offset: int, data: bytes) -> Edit:
        """Write DATA at OFFSET, as pwrite(2)."""
        return self._run(lib.e4z_write, file, offset, data, len(data))

    def write_from(self, file: Path, offset: int, length: int, read: Callable[[int, int], bytes]) -> Edit:
        """Write LENGTH bytes; read(at, n) returns the n bytes from at on, perhaps several times."""
        calls = Callbacks()

        def deliver(at: int, to: int, count: int) -> None:
            data = read(at, count)
            if len(data) != count:
                raise ValueError("%d bytes at %d were asked for, not %d" % (count, at, len(data)))
            ctypes.memmove(to, data, count)

        source = _abi.Source(len=length, read=calls.make(_abi.READ, deliver))
        return self._run(lib.e4z_write_from, file, offset, ctypes.byref(source), calls=calls)

    def convert(self, file: Path, to: str, offset: int = 0, length: int = 0) -> Edit:
        """Convert blocks of FILE to "written", "unwritten" or "hole"; what it reads as stays."""
        calls = Callbacks()
        options = _abi.ConvertOptions(to=_abi.value("TO", to), offset=offset, length=length,
                                      stop=calls.stop_flag(), progress=calls.progress(None))
        return self._run(lib.e4z_convert, file, ctypes.byref(options), calls=calls)

    def flush(self) -> None:
        """Queue pending data so that the commit writes later data after a barrier."""
        with self._open() as handle:
            self._image._check_code(lib.e4z_flush(handle))
