#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# IMAGE BASE WRAP: makes an LVM physical volume at byte BASE of IMAGE; WRAP: its text goes around the ring's end.
import struct, sys, zlib
name, base, wrap = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def lv(name, *segments, status='"READ", "WRITE", "VISIBLE"', kind="striped"):
    text, at = name + ' {\nid = "x"\nstatus = [%s]\nsegment_count = %d\n' % (status, len(segments)), 0
    for i, (count, *stripes) in enumerate(segments):
        where = ", ".join('"%s", %d' % s for s in stripes)
        text += 'segment%d {\nstart_extent = %d\nextent_count = %d\ntype = "%s"\nstripe_count = %d\nstripes = [\n%s\n]\n}\n' % (
            i + 1, at, count, kind, len(stripes), where)
        at += count
    return text + "}\n"
ours = lambda at: ("pv1", at)
text = """# made for a test { "not a section" }
vg-0 { id = "y"
extent_size = 2048 # 1 Megabytes
physical_volumes {
pv0 { id = "AAAAAA-aaaa-aaaa-aaaa-aaaa-aaaa-AAAAAA"
pe_start = 4096
}
pv1 { id = "ABCDEF-ghij-klmn-opqr-stuv-wxyz-012345"
device = "/dev/a \\"b\\" {"
pe_start = 2048
}
}
logical_volumes {
"""
text += lv("one", (8, ours(3))) + lv("two", (4, ours(11)), (5, ours(15)))
text += lv("apart", (4, ours(30)), (4, ours(40))) + lv("other", (8, ("pv0", 50)))
text += lv("stripes", (8, ours(50), ("pv0", 3))) + lv("hidden", (8, ours(60)), status='"READ", "WRITE"')
text += lv("thin", (8, ours(70)), kind="thin-pool") + lv("empty", (8, ours(80))) + lv("far", (8, ours(4000000000)))
text = (text.replace("\t", "") + "}\n}\ncreation_time = 5\n").encode() + b"\0"
ring, mda = 1044480, 4096
start = ring - 700 if wrap else 512
label = struct.pack("<I", 32) + b"LVM2 001"
pv = b"ABCDEFghijklmnopqrstuvwxyz012345" + struct.pack("<Q", 1 << 27)
pv += struct.pack("<QQQQ", 1 << 20, 0, 0, 0) + struct.pack("<QQQQ", mda, ring, 0, 0)
label = (label + pv).ljust(512 - 20, b"\0")
crc = zlib.crc32(label, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff
label = b"LABELONE" + struct.pack("<QI", 1, crc) + label
head = struct.pack("<I16sIQQ", 0, b" LVM2 x[5A%r0N*>", 1, mda, ring) + struct.pack("<QQII", start, len(text), 0, 0)
with open(name, "r+b") as f:
    def put(at, data):
        f.seek(base + at)
        f.write(data)
    put(512, label)
    put(mda, head)
    put(mda + start, text[:ring - start])
    put(mda + 512, text[ring - start:] if len(text) > ring - start else b"")
