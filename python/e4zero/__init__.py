# SPDX-License-Identifier: GPL-2.0-or-later
"""Check, scrub and edit unmounted ext2, ext3 and ext4 images, by libe4zero.

    import e4zero

    with e4zero.open("disk.img", write=True) as image:
        for finding in image.check():
            print(finding.kind, finding.path)
        image.fix()
        with image.transaction() as edit:      # committed at the end, dropped after an exception
            edit.zero_range("/file", 0, 4096)
            edit.truncate("/file", 4096)

A FILE is an absolute path in the image, or "<INO>". Sizes and offsets are bytes. Names are str, as
os.fsdecode() makes them. A call that fails raises Error. An exception in a callback ends the call,
and is raised by it.

Threads: one thread at a time may use an Image, another one gets a RuntimeError; different images are
independent. The GIL is released while the library works. After os.fork() an Image belongs to the
process that opened it. KeyboardInterrupt ends a check, a fix or a conversion at its next report of
progress; what a fix or conversion has committed by then stays.
"""

from ._image import Image, Transaction, open, undo, version
from ._results import (Check, CheckSummary, Claims, CommitSummary, ConvertSummary, Edit, Error, Finding, Fix,
                       FixSummary, ImageInfo, Ledger, LedgerClass, MapPiece, Match, Place, Plan, Range, Shard,
                       Skipped, WriteRoom)

__all__ = ["Check", "CheckSummary", "Claims", "CommitSummary", "ConvertSummary", "Edit", "Error", "Finding", "Fix",
           "FixSummary", "Image", "ImageInfo", "Ledger", "LedgerClass", "MapPiece", "Match", "Place", "Plan", "Range",
           "Shard", "Skipped", "Transaction", "WriteRoom", "open", "undo", "version"]
