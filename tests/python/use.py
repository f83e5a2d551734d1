# SPDX-License-Identifier: GPL-2.0-or-later
# The Python module used on image (recipe edit_image, /small of 50 bytes with old ones after them) and disk (two partitions).
import copy
import ctypes
import functools
import gc
import os
import pickle
import threading

import e4zero


class Mine(Exception):
    pass


def raises(kind, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except kind as error:
        return error
    raise AssertionError("%s is not raised by %s" % (kind.__name__, function))


def throw(error):
    def function(*_arguments):
        raise error
    return function


def reading():
    with e4zero.open("image") as image:
        seen = []
        check = image.check(progress=lambda *progress: seen.append(progress))
        assert check.summary and check.summary.findings == len(check.findings) == 1, check
        (finding,) = check
        assert (finding.kind, finding.path, finding.first, finding.fixed) == ("stale-tail", "/small", 50, False)
        assert finding.last is not None and finding.lblk == 0 and finding.why is None, finding
        with open("small", "rb") as small:
            assert image.peek(finding, 7) == small.read()[50:57]
        assert seen and seen[0][0] == 1
        assert not image.check(kinds=["journal", "post-eof-data"]).findings
        assert not image.check(["/file"]).findings and image.check("/small").findings
        assert not image.check([], kinds="stale-tail").findings
        ledger = image.check(all=True).ledger
        assert ledger and sum(row.bytes for row in ledger.classes) == ledger.size
        assert image.info.block_size == 4096 and "extent" in image.info.features
        assert image.info.journal == "clean" and len(image.info.uuid) == 16
        assert [piece.state for piece in image.map("/file")] == ["written"]
        names = [match.path for match in image.expand("/*")]
        assert names == sorted(names) and "/file" in names
        assert all(match.ino and match.file == match.path for match in image.expand("/", below=True))
        assert not image.has_written and image.fingerprint() == image.fingerprint()


def shards():
    with e4zero.open("image") as image:
        whole = image.check()
        assert whole.shard is None and not whole.claims
        parts = [image.check(shard=(i, 3)) for i in (1, 2, 3)]
        assert [finding for part in parts for finding in part] == whole.findings
        assert sum(part.summary.files for part in parts) == whole.summary.files == 3
        # each group is in one shard
        groups = [group for part in parts for group in range(part.shard.first_group,
                                                             part.shard.first_group + part.shard.groups)]
        assert groups == list(range(-(-image.info.blocks // image.info.group_blocks))), parts
        for part in parts:
            assert part.shard.fingerprint == image.fingerprint() and part.shard.cluster_blocks == 1
            assert not part.shard.whole
        assert [part.shard.data for part in parts].count(True) == 1
        claims = [one for part in parts for some in part.claims if some.of == "clusters" for one in some.ranges]
        (piece,) = image.map("/file")
        assert [one for one in claims if one.start <= piece.pblk < one.start + one.length], (claims, piece)
        got = []
        check = image.check(shard=(1, 1), claims=got.append)
        assert check.findings == whole.findings and not check.claims and got[0].of == "clusters"
        error = Mine("claims")
        assert raises(Mine, image.check, shard=(1, 1), claims=throw(error)) is error
        for wrong in ((0, 0), (0, 1), (3, 2), (1, 2**32)):
            raises(ValueError, image.check, shard=wrong)
        for wrong in ({"all": True}, {"files": ["/file"]}, {"kinds": ["journal"]}):
            assert raises(e4zero.Error, image.check, shard=(1, 1), **wrong).name == "E4Z_ET_USAGE"
        assert raises(e4zero.Error, image.check, shard=(1, 2**20)).name == "E4Z_ET_USAGE"


def errors():
    error = raises(e4zero.Error, e4zero.open, "missing")
    assert error.name == "ENOENT" and "No such file" in str(error) and not error.places, error
    error = raises(e4zero.Error, e4zero.open, "disk")
    assert error.name == "E4Z_ET_AMBIGUOUS" and error.code > 255, error
    assert [place.partition for place in error.places] == [1, 2] and error.places[0].type == "ext4", error
    with e4zero.open("disk", partition="2") as image:
        assert image.info.fs_offset == error.places[1].offset
    for wrong in ({"holes": "some"}, {"format": "zip"}):
        raises(ValueError, e4zero.open, "image", **wrong)
    with e4zero.open("image") as image:
        raises(ValueError, image.check, kinds=["stale"])
        raises(ValueError, image.check, ["/a\0b"])
        assert raises(e4zero.Error, image.fix).name == "E4Z_ET_READ_ONLY"
        assert raises(e4zero.Error, image.map, "/nothing").name == "E4Z_ET_NOT_FOUND"
        for kind in (copy.copy, copy.deepcopy, pickle.dumps):
            assert "cannot be copied" in str(raises(TypeError, kind, image))
    raises(ValueError, image.check)
    raises(TypeError, e4zero.Image)
    for missing in ((e4zero.open, None), (e4zero.undo, None, "undo"), (e4zero.undo, "image", None)):
        raises(TypeError, *missing)


def numbers():
    """ctypes would drop the bits that have no place: a size of 2**64 + 1 would be one of 1."""
    with e4zero.open("image", write=True) as image, image.transaction(dry_run=True) as edit:
        for number in (-1, 2**64, 2**64 + 1):
            for call in (functools.partial(edit.truncate, "/file"), functools.partial(edit.zero, "/file", 0),
                         lambda offset: edit.write("/file", offset, b"x"),
                         lambda length: edit.write_from("/file", 0, length, lambda at, n: bytes(n)),
                         functools.partial(edit.convert, "/file", "written")):
                assert "out of range" in str(raises((OverflowError, ctypes.ArgumentError), call, number))
        assert edit.truncate("/file", 2**32 + 1).size_after == 2**32 + 1
    with e4zero.open("image") as image:
        for number in (-1, 2**32):
            raises(OverflowError, image.check, jobs=number)
            raises(OverflowError, e4zero.open, "image", timeout=number)


def callbacks():
    """What they raise is raised by the call, and the image goes on."""
    with e4zero.open("image") as image:
        error = Mine("finding")
        assert raises(Mine, image.check, finding=throw(error)) is error
        assert raises(Mine, image.expand, "/*", match=throw(error)) is error
        assert raises(KeyboardInterrupt, image.check, progress=throw(KeyboardInterrupt()))
        # they must not use the image, but for those of expand()
        assert "callback of check()" in str(raises(RuntimeError, image.check, finding=lambda _: image.check()))
        raises(RuntimeError, image.expand, "/*", match=lambda _: image.close())
        assert len(image.expand("/*")) > 2
        assert len(image.check().findings) == 1


def release():
    """Without a with block an image is released as soon as nobody has it, after an exception of a callback, too."""
    def fail(_finding):
        raise Mine
    gc.disable()
    raises(Mine, lambda: e4zero.open("image").check(finding=fail))
    e4zero.open("image", write=True).close()
    gc.enable()


def threads():
    with e4zero.open("image") as image, e4zero.open("image") as other:
        caught, found = [], []

        def use(_match):
            thread = threading.Thread(target=lambda: caught.append(raises(RuntimeError, image.check)))
            thread.start()
            thread.join()
        image.expand("/file", match=use)
        assert "another thread" in str(caught[0])
        # handles of different images do not wait for each other
        def check_other(_finding):
            thread = threading.Thread(target=lambda: found.extend(other.check()))
            thread.start()
            thread.join()
        image.check(finding=check_other)
        assert len(found) == 1
        pid = os.fork()
        if not pid:
            error = raises(RuntimeError, image.check)
            image.close()
            os._exit(0 if "process" in str(error) else 1)
        assert os.waitpid(pid, 0)[1] == 0
        assert len(image.check().findings) == 1


def editing():
    with e4zero.open("image", write=True) as image:
        assert raises(e4zero.Error, e4zero.open, "image", write=True).name == "E4Z_ET_BUSY"

        def fail():
            with image.transaction() as edit:
                edit.truncate("/file", 1)
                raise Mine()
        raises(Mine, fail)
        with image.transaction(dry_run=True) as edit:
            edit.truncate("/file", 1)
        assert edit.summary and edit.summary.transactions == 1 and not image.has_written
        raises(RuntimeError, edit.truncate, "/file", 1)

        image.keep_undo("undo")
        with image.transaction() as edit:
            assert raises(e4zero.Error, edit.truncate, "/nothing", 0).name == "E4Z_ET_NOT_FOUND"
            error = Mine("read")
            assert raises(Mine, edit.write_from, "/file", 0, 10, throw(error)) is error
            raises(ValueError, edit.write_from, "/file", 0, 10, lambda at, n: b"short")
            edit.write_from("/file", 0, 8192, lambda at, n: b"w" * n)
            edit.write("/file", 100, b"between")
            done = edit.zero("/file", 4096, 4096)
            assert done.op == "zero" and done.did_zero and done.size_after == 10000, done
            assert sum(count for _, count in done.bytes) == done.requested == 4096
            image.expand("/empty", match=lambda match: edit.truncate(match.file, 5))
        assert edit.summary and edit.summary.transactions == 1 and image.has_written

        assert [finding.fixed for finding in image.fix(dry_run=True)] == [False]
        fix = image.fix()
        assert [(finding.path, finding.fixed) for finding in fix] == [("/small", True)], fix
        assert fix.summary and fix.summary.left == 0 and not image.check().findings
        assert image.replay().transactions == 0 and image.done.transactions == 1


def planning():
    with e4zero.open("image", write=True) as image:
        with image.transaction() as edit:
            edit.truncate("/empty", 5)
            plan = edit.plan()
            assert plan.commit.transactions == 1 and plan.commit.log_blocks and not image.has_written, plan
            assert plan.log_room is not None and plan.log_room > plan.commit.log_blocks, plan
            assert edit.plan() == plan
            raises(RuntimeError, edit.plan_commit)
            room = edit.write_room("/file", 4096)
            assert 0 < room.bytes < image.info.blocks * 4096 and room.error == "E4Z_ET_NO_SPACE", room
            assert edit.write_room("/file", 2**44 - 8192).error == "EFBIG"
            assert raises(e4zero.Error, edit.write_room, "/nothing", 0).name == "E4Z_ET_NOT_FOUND"
        assert edit.summary and edit.summary.log_blocks == plan.commit.log_blocks
        for late in (edit.plan, edit.flush, functools.partial(edit.write_room, "/file", 0)):
            raises(RuntimeError, late)
        written = image.done.transactions
        with image.transaction(dry_run=True) as edit:
            edit.truncate("/empty", 0)
            edit.plan_commit()
            assert edit.truncate("/empty", 7).size_before == 0
            assert edit.plan().commit.transactions == 2
        assert edit.summary and edit.summary.transactions == 2
        raises(RuntimeError, edit.plan_commit)
        assert image.done.transactions == written == 1
        with image.transaction() as edit:
            assert edit.truncate("/empty", 0).size_before == 5


def converting():
    with e4zero.open("image", write=True) as image:
        with image.transaction() as edit:
            edit.allocate("/empty", 0, 8192)
        error = Mine("edit")
        assert raises(Mine, image.convert_all, "written", edit=throw(error), dry_run=True) is error
        edits = []
        planned = image.convert_all("written", dry_run=True, edit=edits.append)
        assert planned.log_blocks and [done.blocks_converted for done in edits] == [2], (planned, edits)
        assert {piece.state for piece in image.map("/empty")} == {"unwritten"}
        summary = image.convert_all("written")
        assert summary.files == 3 and summary.left == 0 and summary.commit.transactions == 1, summary
        assert {piece.state for piece in image.map("/empty")} == {"written"}
        with image.transaction() as edit:
            edit.truncate("/empty", 0)

        def close():
            with image.transaction() as edit:
                edit.truncate("/file", 1)
                image.close()
        raises(ValueError, close)


reading()
shards()
errors()
numbers()
callbacks()
release()
threads()
planning()
converting()
editing()
