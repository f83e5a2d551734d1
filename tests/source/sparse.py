# SPDX-License-Identifier: GPL-2.0-or-later
# Android sparse images of a raw one, valid and invalid.
#
#   sparse.py make RAW OUT [SEED [BLOCK [FILE_HEADER [CHUNK_HEADER]]]]
#   sparse.py bad RAW DIRECTORY      one file for each fault; prints NAME and a pattern of the refusal
#   sparse.py damage SPARSE COUNT RUN...   COUNT mutants of the headers, each given to the command RUN...
import os
import random
import struct
import subprocess
import sys

MAGIC = 0xED26FF3A
RAW, FILL, SKIP, CRC = 0xCAC1, 0xCAC2, 0xCAC3, 0xCAC4


def header(blocks, chunks, block=4096, file_header=28, chunk_header=12, major=1, minor=0, crc=0, magic=MAGIC):
    fixed = struct.pack('<IHHHHIIII', magic, major, minor, file_header, chunk_header, block, blocks, chunks, crc)
    return fixed + b'\xee' * (file_header - len(fixed))


def chunk(kind, blocks, data=b'', total=None, chunk_header=12):
    fixed = struct.pack('<HHII', kind, 0, blocks, chunk_header + len(data) if total is None else total)
    return fixed + b'\xdd' * (chunk_header - len(fixed)) + data


def kind_of(piece):
    if not any(piece):
        return 'zero'
    return piece[:4] if piece == piece[:4] * (len(piece) // 4) else 'raw'


# Runs of equal kind, cut at random. A run of zeros may be skipped, filled or raw.
def chunks_of(raw, block, rng, chunk_header):
    at = 0
    while at < len(raw):
        kind = kind_of(raw[at:at + block])
        end = at + block
        while end < len(raw) and kind_of(raw[end:end + block]) == kind and rng.random() > 0.05:
            end += block
        blocks = (end - at) // block
        kinds = {'zero': [SKIP, SKIP, FILL, RAW], 'raw': [RAW]}.get(kind, [FILL, RAW])
        choice = rng.choice(kinds)
        data = raw[at:end] if choice == RAW else b'' if choice == SKIP else raw[at:at + 4]
        yield chunk(choice, blocks, data, chunk_header=chunk_header)
        if rng.random() < 0.1:
            yield chunk(CRC, 0, struct.pack('<I', rng.randrange(1 << 32)), chunk_header=chunk_header)
        at = end


def make(raw_name, out, seed='1', block='4096', file_header='28', chunk_header='12'):
    raw = open(raw_name, 'rb').read()
    block, file_header, chunk_header = int(block), int(file_header), int(chunk_header)
    assert len(raw) % block == 0
    pieces = list(chunks_of(raw, block, random.Random(int(seed)), chunk_header))
    with open(out, 'wb') as f:
        f.write(header(len(raw) // block, len(pieces), block, file_header, chunk_header, minor=int(seed) % 3))
        f.writelines(pieces)


def bad_files(raw):
    n = len(raw) // 4096
    body = chunk(RAW, n, raw)
    yield 'empty-header', header(n, 1)[:27], 'the file has 27 bytes'
    yield 'version', header(n, 1, major=2) + body, r'has version 2\.0; only 1\.x is known'
    yield 'short-file-header', header(n, 1)[:8] + struct.pack('<H', 27) + header(n, 1)[10:] + body, 'headers have 27 and 12'
    yield 'short-chunk-header', header(n, 1, chunk_header=11) + body, 'headers have 28 and 11'
    yield 'block-0', header(n, 1, block=0) + body, 'blocks have 0 bytes'
    yield 'block-odd', header(n, 1, block=4098) + body, 'blocks have 4098 bytes'
    yield 'no-chunks', header(n, 0), f'0 blocks in all, its header says {n}'
    yield 'few', header(n + 1, 1) + body, f'{n} blocks in all, its header says {n + 1}'
    yield 'many', header(n - 1, 1) + body, f'chunk 1 goes past the end of the image at block {n - 1}'
    yield 'cut', (header(n, 1) + body)[:-1], 'ends inside chunk 1 of 1'
    yield 'cut-header', header(n, 2) + body + b'\xc3\xca', 'ends inside chunk 2 of 2'
    yield 'cut-fill', header(n + 1, 2) + body + chunk(FILL, 1, b'abcd')[:-1], 'ends inside chunk 2 of 2'
    yield 'missing', header(n, 2) + body, 'ends inside chunk 2 of 2'
    yield 'unknown', header(n + 1, 2) + chunk(0xCAC5, 1) + body, 'chunk 1 is of the unknown type 0xcac5'
    yield 'type-0', header(n, 2) + body + chunk(0, 0), 'chunk 2 is of the unknown type 0x0000'
    yield 'raw-short', header(n, 1) + chunk(RAW, n, raw, total=12 + len(raw) - 4096), 'chunk 1 should have'
    yield 'raw-long', header(n, 1) + chunk(RAW, n, raw, total=0xFFFFFFFF), 'and has 4294967295'
    yield 'raw-total-0', header(n, 1) + chunk(RAW, n, raw, total=0), 'and has 0'
    yield 'skip-data', header(n + 1, 2) + chunk(SKIP, 1, b'abcd') + body, 'chunk 1 should have 12 bytes and has 16'
    yield 'fill-8', header(n + 1, 2) + chunk(FILL, 1, b'abcdabcd') + body, 'chunk 1 should have 16 bytes and has 20'
    yield 'crc-empty', header(n, 2) + body + chunk(CRC, 0), 'chunk 2 should have 16 bytes and has 12'
    # numbers of blocks and of bytes that overflow 32 or 64 bits
    yield 'raw-2-32', header(1 << 20, 1) + chunk(RAW, 1 << 20, raw), 'chunk 1 should have 4294967308'
    yield 'skip-past', header(1, 2) + chunk(SKIP, 1) + chunk(SKIP, 0xFFFFFFFF), 'chunk 2 goes past the end'
    yield 'skip-2-63', header(0xFFFFFFFF, 1, block=0xFFFFFFFC) + chunk(SKIP, 0xFFFFFFFF), r'it has more than 2\^63 bytes'
    yield 'chunks-huge', header(n, 0xFFFFFFFF) + body, 'ends inside chunk 2 of 4294967295'
    yield 'raw-huge', header(0xFFFFFFFF, 1, block=0xFFFFFFFC) + chunk(RAW, 0xFFFFFFFF), 'chunk 1 should have'
    # valid, but without a file system
    yield 'blank', header(0xFFFFFFFF, 1) + chunk(SKIP, 0xFFFFFFFF), 'no ext superblock'
    yield 'nothing', header(0, 0), 'the image is empty'


def bad(raw_name, directory):
    raw = open(raw_name, 'rb').read()
    for name, data, said in bad_files(raw):
        with open(os.path.join(directory, name), 'wb') as f:
            f.write(data)
        print(name, said)
    pieces = 0x200001
    fills = b''.join(chunk(FILL, 1, struct.pack('<I', 1 + i)) for i in range(1024))
    with open(os.path.join(directory, 'pieces'), 'wb') as f:
        f.write(header(pieces, pieces))
        f.write(fills * (pieces // 1024) + fills[:16 * (pieces % 1024)])
    print('pieces', 'in more than 2097152 pieces; expand it with "simg2img IMAGE RAW"')


# The offsets of the header bytes of a sound image.
def header_bytes(data):
    file_header, chunk_header = struct.unpack_from('<HH', data, 8)
    places, at = list(range(4, 28)), file_header
    for _ in range(struct.unpack_from('<I', data, 20)[0]):
        places += range(at, at + 12)
        at += struct.unpack_from('<I', data, at + 8)[0]
    return places


def damage(name, count, *run):
    good = open(name, 'rb').read()
    places = header_bytes(good)
    rng = random.Random(7)
    codes = {}
    for number in range(int(count)):
        data = bytearray(good)
        for _ in range(rng.choice([1, 1, 2, 5])):
            data[rng.choice(places)] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        if rng.random() < 0.2:
            del data[rng.randrange(len(data)):]
        with open('mutant', 'wb') as f:
            f.write(data)
        done = subprocess.run([*run, 'mutant'], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        codes[done.returncode] = codes.get(done.returncode, 0) + 1
        lines = done.stderr.decode().splitlines()
        if done.returncode not in (0, 4, 8) or (done.returncode == 8) != (len(lines) == 1):
            sys.exit(f'mutant {number} of {name}: exit {done.returncode}, {lines}')
        if open('mutant', 'rb').read() != data:
            sys.exit(f'mutant {number} of {name} was changed')
    print(codes)
    if not codes.get(8):
        sys.exit('no mutant was refused')


{'make': make, 'bad': bad, 'damage': damage}[sys.argv[1]](*sys.argv[2:])
