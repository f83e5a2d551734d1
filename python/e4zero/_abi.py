# SPDX-License-Identifier: GPL-2.0-or-later
"""The structures and functions of <e4zero.h>, for ctypes; tests/python/layout.sh compares them with the header."""

from __future__ import annotations

import ctypes
import os
from ctypes import CFUNCTYPE, POINTER, c_bool, c_char, c_char_p, c_int, c_long, c_size_t, c_uint
from ctypes import c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any, Dict, List, Tuple

NONE = 2**64 - 1
NAMES: Dict[str, Any] = {}  # of structures, as in the header
errcode_t = c_long
c_enum = c_int


def _same(number: int, stored: Any) -> None:
    """ctypes drops the bits that have no place: a size of 2**64 would be one of 0."""
    if number != stored and not isinstance(stored, bool):
        raise OverflowError("out of range: %d" % number)


class _Structure(ctypes.Structure):
    def __init__(self, *values: Any, **fields: Any) -> None:
        super().__init__(*values, **fields)
        for name, given in fields.items():
            if isinstance(given, int):
                _same(given, getattr(self, name))


def _struct(name: str, *fields: Tuple[str, Any]) -> Any:
    NAMES[name] = type(name, (_Structure,), {"_fields_": list(fields)})
    return NAMES[name]


def _reserved(count: int) -> Tuple[str, Any]:
    return ("reserved", c_uint64 * count)


WAIT = CFUNCTYPE(errcode_t, c_void_p, c_uint, c_uint)
OpenOptions = _struct(
    "e4z_open_options", ("partition", c_char_p), ("force", c_bool), ("journal_device", c_char_p),
    ("write", c_bool), ("repair", c_bool), ("holes", c_enum), ("timeout_s", c_uint), ("wait", WAIT),
    ("wait_arg", c_void_p), ("format", c_enum), ("backing", c_bool), ("passphrase_file", c_char_p),
    ("passphrase_fd", c_int), ("stop", POINTER(c_int)), ("opened", c_void_p), ("opened_arg", c_void_p),
    _reserved(5))
Errand = _struct("e4z_errand", ("run", c_void_p), ("arg", c_void_p), _reserved(2))
ConfineOptions = _struct(
    "e4z_confine_options", ("outputs", POINTER(c_int)), ("output_count", c_size_t), ("files", POINTER(c_int)),
    ("file_count", c_size_t), ("threads", c_uint), ("reading", c_bool), ("require", c_bool),
    ("journal", c_bool), _reserved(4))
ImageInfo = _struct(
    "e4z_image_info", ("path", c_char_p), ("fs_offset", c_uint64), ("block_size", c_uint32),
    ("blocks", c_uint64), ("group_blocks", c_uint32), ("first_block", c_uint32), ("inodes", c_uint32),
    ("uuid", c_uint8 * 16), ("features", POINTER(c_char_p)), ("journal", c_enum),
    ("journal_path", c_char_p), ("replayed", c_bool), ("mounted", c_bool), ("attached", c_bool),
    ("mmp", c_bool), ("notes", POINTER(c_char_p)), _reserved(8))
Place = _struct(
    "e4z_place", ("partition", c_int), ("offset", c_uint64), ("len", c_uint64), ("type", c_char_p),
    ("label", c_char_p), ("name", c_char_p), _reserved(4))
Skipped = _struct(
    "e4z_skipped", ("ino", c_uint32), ("path", c_char_p), ("why", c_char_p), ("left", c_bool),
    ("err", errcode_t), _reserved(4))
Match = _struct(
    "e4z_match", ("ino", c_uint32), ("mode", c_uint16), ("path", c_char_p), ("plain", c_bool),
    ("literal", c_bool), _reserved(4))
MATCH = CFUNCTYPE(errcode_t, c_void_p, POINTER(Match))
SKIPPED = CFUNCTYPE(errcode_t, c_void_p, POINTER(Skipped))
ExpandOptions = _struct(
    "e4z_expand_options", ("name", c_char_p), ("below", c_bool), ("types", c_uint32),
    ("stop", POINTER(c_int)), ("match", MATCH), ("skipped", SKIPPED), ("arg", c_void_p), _reserved(8))
Finding = _struct(
    "e4z_finding", ("kind", c_enum), ("ino", c_uint32), ("group", c_uint32), ("size", c_uint64),
    ("lblk", c_uint64), ("pblk", c_uint64), ("blocks", c_uint64), ("first", c_uint64),
    ("last", c_uint64), ("nonzero", c_uint64), ("e2fsck", c_enum), ("fixable", c_bool),
    ("fixed", c_bool), ("path", c_char_p), ("why", c_char_p), _reserved(2))
LedgerClass = _struct(
    "e4z_ledger_class", ("name", c_char_p), ("places", c_uint64), ("bytes", c_uint64),
    ("stale_bytes", c_uint64), ("left", c_char_p), _reserved(4))
Ledger = _struct(
    "e4z_ledger", ("size", c_uint64), ("classes", POINTER(LedgerClass)), ("count", c_size_t),
    ("after", LedgerClass), _reserved(4))
Shard = _struct(
    "e4z_shard", ("first_group", c_uint32), ("groups", c_uint32), ("cluster_blocks", c_uint32),
    ("fingerprint", c_uint32), ("data", c_bool), ("holes", c_bool), ("whole", c_bool), _reserved(4))
Range = _struct("e4z_range", ("start", c_uint64), ("len", c_uint64))
Claims = _struct(
    "e4z_claims", ("of", c_enum), ("ranges", POINTER(Range)), ("count", c_size_t), _reserved(4))
FINDING = CFUNCTYPE(errcode_t, c_void_p, POINTER(Finding))
PROGRESS = CFUNCTYPE(None, c_void_p, c_enum, c_uint64, c_uint64)
LEDGER = CFUNCTYPE(errcode_t, c_void_p, POINTER(Ledger))
SHARD = CFUNCTYPE(errcode_t, c_void_p, POINTER(Shard))
CLAIMS = CFUNCTYPE(errcode_t, c_void_p, POINTER(Claims))
CheckSink = _struct(
    "e4z_check_sink", ("arg", c_void_p), ("finding", FINDING), ("skipped", SKIPPED),
    ("progress", PROGRESS), ("ledger", LEDGER), ("shard", SHARD), ("claims", CLAIMS), _reserved(8))
CheckOptions = _struct(
    "e4z_check_options", ("jobs", c_uint), ("paranoid", c_bool), ("all", c_bool), ("opaque", c_bool),
    ("kinds", c_uint64), ("files", POINTER(c_char_p)), ("file_count", c_size_t),
    ("matches", POINTER(Match)), ("match_count", c_size_t), ("stop", POINTER(c_int)),
    ("shard", c_uint), ("shards", c_uint), _reserved(8))
CheckSummary = _struct(
    "e4z_check_summary", ("files", c_uint64), ("findings", c_uint64), ("fixed", c_uint64),
    ("opaque", c_uint64), ("skipped", c_uint64), ("stale_bytes", c_uint64), ("bytes_read", c_uint64),
    ("only_holes", c_bool), ("none_checked", c_bool), _reserved(8))
ORPHAN = CFUNCTYPE(errcode_t, c_void_p, c_uint32, c_char_p)
EditOptions = _struct(
    "e4z_edit_options", ("data", c_enum), ("split", c_bool), ("plan", c_bool), ("policy", c_enum),
    ("batch", c_size_t), ("cache_blocks", c_size_t), ("orphan", ORPHAN), ("orphan_arg", c_void_p),
    _reserved(8))
EDIT_COUNTERS = ("hole", "unwritten_clean", "dirty_unwritten", "written_disk", "written_dirty",
                 "already_zero", "inline_bytes")
Edit = _struct(
    "e4z_edit", ("op", c_char_p), ("ino", c_uint32), ("path", c_char_p), ("requested", c_uint64),
    ("size_before", c_uint64), ("size_after", c_uint64), *((name, c_uint64) for name in EDIT_COUNTERS),
    ("did_zero", c_bool), ("zero_written", c_bool), ("flushes", c_uint64), ("retries", c_uint64),
    ("batches_full", c_uint64), ("blocks_converted", c_uint64), ("blocks_allocated", c_uint64),
    ("blocks_freed", c_uint64), ("note", c_char_p), _reserved(4))
CommitSummary = _struct(
    "e4z_commit_summary", ("transactions", c_uint64), ("barriers", c_uint64),
    ("bytes_written", c_uint64), ("log_blocks", c_uint64), ("bytes_zeroed_again", c_uint64),
    ("replayed", c_uint64), ("orphans_finished", c_uint64), ("orphans_left", c_uint64),
    ("bytes_read", c_uint64), _reserved(8))
FixOptions = _struct("e4z_fix_options", ("check", CheckOptions), ("dry_run", c_bool), _reserved(8))
FixSummary = _struct(
    "e4z_fix_summary", ("check", CheckSummary), ("left", c_uint64), ("commit", CommitSummary),
    ("log_room", c_uint64), ("verified", c_uint64), _reserved(8))
EDIT = CFUNCTYPE(errcode_t, c_void_p, POINTER(Edit))
ConvertOptions = _struct(
    "e4z_convert_options", ("to", c_enum), ("offset", c_uint64), ("length", c_uint64),
    ("dry_run", c_bool), ("every", c_bool), ("jobs", c_uint), ("stop", POINTER(c_int)),
    ("progress", PROGRESS), ("edit", EDIT), ("skipped", SKIPPED), ("arg", c_void_p), _reserved(8))
ConvertSummary = _struct(
    "e4z_convert_summary", ("files", c_uint64), ("skipped", c_uint64), ("left", c_uint64),
    ("log_blocks", c_uint64), ("log_room", c_uint64), _reserved(8))
READ = CFUNCTYPE(errcode_t, c_void_p, c_uint64, c_void_p, c_size_t)
Source = _struct("e4z_source", ("arg", c_void_p), ("len", c_uint64), ("read", READ), _reserved(4))
MapPiece = _struct(
    "e4z_map_piece", ("ino", c_uint32), ("lblk", c_uint64), ("blocks", c_uint64), ("pblk", c_uint64),
    ("state", c_enum), ("past_eof", c_bool), _reserved(4))
PIECE = CFUNCTYPE(errcode_t, c_void_p, POINTER(MapPiece))

# values of enumerations, as in the header
VALUES: Dict[str, int] = {
    "E4Z_HOLES_AUTO": 0, "E4Z_HOLES_NEVER": 1, "E4Z_HOLES_ALWAYS": 2,
    "E4Z_JOURNAL_NONE": 0, "E4Z_JOURNAL_CLEAN": 1, "E4Z_JOURNAL_NEEDS_REPLAY": 2,
    "E4Z_JOURNAL_EXTERNAL": 3,
    "E4Z_E2FSCK_NA": 0, "E4Z_E2FSCK_BLIND": 1, "E4Z_E2FSCK_WOULD_GROW": 2,
    "E4Z_E2FSCK_WOULD_CLEAR": 3,
    "E4Z_CLAIMS_CLUSTERS": 0, "E4Z_CLAIMS_XATTR": 1,
    "E4Z_PASS_TABLES": 1, "E4Z_PASS_BLOCKS": 2, "E4Z_PASS_NAMES": 3,
    "E4Z_DATA_JOURNAL": 0, "E4Z_DATA_ORDERED": 1,
    "E4Z_TO_WRITTEN": 0, "E4Z_TO_UNWRITTEN": 1, "E4Z_TO_HOLE": 2,
}


def value(group: str, word: str) -> int:
    """The value of the enumeration GROUP that WORD names: value("HOLES", "never")."""
    name = "E4Z_%s_%s" % (group, word.upper().replace("-", "_"))
    if name not in VALUES:
        raise ValueError("not one of %s: %r" % (", ".join(words(group)), word))
    return VALUES[name]


def words(group: str) -> List[str]:
    """The words for the values of the enumeration GROUP."""
    prefix = "E4Z_%s_" % group
    return [name[len(prefix):].lower().replace("_", "-") for name in VALUES if name.startswith(prefix)]


def word(group: str, number: int) -> str:
    """The word for NUMBER; the number itself if only a later library has it."""
    return {VALUES["E4Z_%s_%s" % (group, w.upper().replace("-", "_"))]: w for w in words(group)}.get(
        number, str(number))


class _U64:
    """An argument of type uint64_t."""

    @classmethod
    def from_param(cls, number: int) -> Any:
        made = c_uint64(number)
        _same(number, made.value)
        return made


_image, _file, _u64, _edit = c_void_p, c_char_p, _U64, POINTER(Edit)
_commit = POINTER(CommitSummary)
_range = [_image, _file, _u64, _u64]
# name: what it returns, and what it takes
FUNCTIONS: Dict[str, Tuple[Any, List[Any]]] = {
    "e4z_version": (c_char_p, []),
    "e4z_formats": (POINTER(c_char_p), []),
    "e4z_format_name": (c_char_p, [c_enum]),
    "e4z_format_by_name": (c_enum, [c_char_p]),
    "e4z_open": (errcode_t, [c_char_p, POINTER(OpenOptions), POINTER(c_void_p)]),
    "e4z_close": (None, [_image]),
    "e4z_finish": (errcode_t, [_image]),
    "e4z_context": (c_char_p, [_image]),
    "e4z_message": (c_char_p, [_image, errcode_t]),
    "e4z_info": (POINTER(ImageInfo), [_image]),
    "e4z_places": (POINTER(Place), [_image, POINTER(c_size_t)]),
    "e4z_init_errors": (None, []),
    "e4z_error_name": (c_char_p, [errcode_t]),
    "e4z_errands_start": (errcode_t, [POINTER(Errand), c_size_t, POINTER(c_void_p)]),
    "e4z_errands_run": (errcode_t, [c_void_p, c_size_t]),
    "e4z_errands_descriptor": (c_int, [c_void_p]),
    "e4z_errands_end": (None, [c_void_p]),
    "e4z_confine": (errcode_t, [_image, POINTER(ConfineOptions), POINTER(c_uint)]),
    "e4z_confine_obstacle": (c_char_p, []),
    "e4z_expand": (errcode_t, [_image, c_char_p, POINTER(ExpandOptions)]),
    "e4z_kind_name": (c_char_p, [c_enum]),
    "e4z_kind_text": (c_char_p, [c_enum]),
    "e4z_kind_by_name": (c_int, [c_char_p]),
    "e4z_kinds_by_name": (c_uint64, [c_char_p]),
    "e4z_check": (errcode_t, [_image, POINTER(CheckOptions), POINTER(CheckSink), POINTER(CheckSummary)]),
    "e4z_fingerprint": (c_uint32, [_image]),
    "e4z_peek": (errcode_t, [_image, POINTER(Finding), POINTER(c_char), c_size_t, POINTER(c_size_t)]),
    "e4z_begin": (errcode_t, [_image, POINTER(EditOptions)]),
    "e4z_commit": (errcode_t, [_image, _commit]),
    "e4z_plan": (errcode_t, [_image, _commit, POINTER(c_uint64)]),
    "e4z_plan_commit": (errcode_t, [_image]),
    "e4z_abort": (None, [_image]),
    "e4z_done": (None, [_image, _commit]),
    "e4z_has_written": (c_bool, [_image]),
    "e4z_truncate": (errcode_t, [_image, _file, _u64, _edit]),
    "e4z_fix": (errcode_t, [_image, POINTER(FixOptions), POINTER(CheckSink), POINTER(FixSummary)]),
    "e4z_convert": (errcode_t, [_image, _file, POINTER(ConvertOptions), _edit]),
    "e4z_convert_all": (errcode_t, [_image, POINTER(ConvertOptions), POINTER(ConvertSummary), _commit]),
    "e4z_zero_range": (errcode_t, [*_range, c_bool, _edit]),
    "e4z_punch_hole": (errcode_t, [*_range, _edit]),
    "e4z_allocate": (errcode_t, [*_range, c_bool, _edit]),
    "e4z_write_zeroes": (errcode_t, [*_range, _edit]),
    "e4z_zero": (errcode_t, [*_range, _edit]),
    "e4z_collapse_range": (errcode_t, [*_range, _edit]),
    "e4z_insert_range": (errcode_t, [*_range, _edit]),
    "e4z_write": (errcode_t, [_image, _file, _u64, c_char_p, c_size_t, _edit]),
    "e4z_write_from": (errcode_t, [_image, _file, _u64, POINTER(Source), _edit]),
    "e4z_write_room": (errcode_t, [_image, _file, _u64, POINTER(c_uint64), POINTER(errcode_t)]),
    "e4z_flush": (errcode_t, [_image]),
    "e4z_replay": (errcode_t, [_image, _commit]),
    "e4z_plan_replay": (errcode_t, [_image, _commit]),
    "e4z_map_state_name": (c_char_p, [c_enum]),
    "e4z_map": (errcode_t, [_image, _file, PIECE, c_void_p]),
    "e4z_trace": (errcode_t, [_image, c_char_p]),
    "e4z_keep_undo": (errcode_t, [_image, c_char_p]),
    "e4z_plan_undo": (errcode_t, [_image, c_char_p]),
    "e4z_undo": (errcode_t, [c_char_p, POINTER(OpenOptions), c_char_p, c_bool, _commit,
                             POINTER(c_char), c_size_t]),
}


def _load() -> Any:
    library = ctypes.CDLL(os.environ.get("E4ZERO_LIBRARY") or "libe4zero.so.0")
    for name, (returns, takes) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = returns, takes
    library.e4z_init_errors()
    return library


lib = _load()
