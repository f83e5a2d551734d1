#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An NBD server over a Unix socket that misbehaves on purpose. server.py SOCKET FILE [KEY=VALUE...]

greeting=garbage|silent|half  a faulty start of the handshake
export=NAME                   the name of the only export (default: empty)
flags=a,b                     capabilities to omit: no-flush, no-zero, no-fast, no-structured; to add: read-only, multi
die=K                         the server exits in place of answering request K (from 0)
silent=K                      requests from K on are not answered
error=K:ERRNO[:TYPE]          request K, or with "K+" each from K on, fails if it is of TYPE (read, write, flush, zero)
block=N                       the minimum block size; requests that are not multiples of it fail
other=N                       connections after the first one get an export of N bytes
status=zero|long|endless|error|lies|short
                              replies about holes: of length 0, too long, one sector at a time, an error, all is zero,
                              ranges of 4 KiB
slow=MS                       MS milliseconds pass before each answer; then the line of the request ends with "more" if
                              the next one has arrived
It prints "ready" on standard output when it listens, and one line per client and per request."""

import itertools
import os
import select
import socket
import struct
import sys
import threading
import time

HEADS = {0: 'read', 1: 'write', 2: 'disc', 3: 'flush', 4: 'trim', 5: 'cache', 6: 'zero', 7: 'status'}
OPTION_REPLY, SIMPLE, CHUNK = 0x3e889045565a9, 0x67446698, 0x668e33ef


class Gone(Exception):
    """The connection has ended."""


class Server:
    def __init__(self, path, options):
        self.fd = os.open(path, os.O_RDWR)
        self.size = os.fstat(self.fd).st_size
        self.options = options
        self.flags = set(options.get('flags', '').split(','))
        self.block = int(options.get('block', '1'))
        self.lock = threading.Lock()
        self.count = 0

    def transmission_flags(self):
        bits = 1 | 8
        for name, bit in (('no-flush', 4), ('no-zero', 0x40), ('no-fast', 0x800)):
            bits |= 0 if name in self.flags else bit
        for name, bit in (('read-only', 2), ('multi', 0x100)):
            bits |= bit if name in self.flags else 0
        return bits


class Connection:
    def __init__(self, server, sock, number):
        self.server, self.sock = server, sock
        self.size = int(server.options.get('other', server.size)) if number else server.size
        self.structured = self.status = False

    def read(self, length):
        data = b''
        while len(data) < length:
            piece = self.sock.recv(length - len(data))
            if not piece:
                raise Gone
            data += piece
        return data

    def run(self):
        try:
            if self.greet():
                while self.request():
                    pass
        except (Gone, OSError):
            pass
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    # ---- the handshake ----

    def greet(self):
        how = self.server.options.get('greeting')
        if how == 'garbage':
            self.sock.sendall(b'SSH-2.0-server\r\n' * 8)
            return False
        if how == 'silent':
            self.read(1)
        self.sock.sendall(b'NBDMAGICIHAVEOPT' + struct.pack('>H', 3))
        self.read(4)
        if how == 'half':
            self.sock.sendall(struct.pack('>Q', OPTION_REPLY)[:5])
            self.read(1 << 20)
        while True:
            _, option, length = struct.unpack('>QII', self.read(16))
            data = self.read(length)
            if option == 8 and 'no-structured' not in self.server.flags:
                self.structured = True
                self.reply(option, 1)
            elif option == 10 and self.structured:
                self.status = True
                self.reply(option, 4, struct.pack('>I', 1) + b'base:allocation')
                self.reply(option, 1)
            elif option in (6, 7):
                if self.go(option, data):
                    return True
            else:
                self.reply(option, 0x80000001)

    def go(self, option, data):
        length, = struct.unpack('>I', data[:4])
        if data[4:4 + length].decode() != self.server.options.get('export', ''):
            self.reply(option, 0x80000006, b'there is no such export')
            return False
        self.reply(option, 3, struct.pack('>HQH', 0, self.size, self.server.transmission_flags()))
        if self.server.block > 1:
            self.reply(option, 3, struct.pack('>HIII', 3, self.server.block, 65536, 1 << 25))
        self.reply(option, 1)
        return option == 7

    def reply(self, option, kind, data=b''):
        self.sock.sendall(struct.pack('>QIII', OPTION_REPLY, option, kind, len(data)) + data)

    # ---- requests ----

    def request(self):
        server, options = self.server, self.server.options
        _, flags, kind, handle, off, length = struct.unpack('>IHHQQI', self.read(28))
        data = self.read(length) if kind == 1 else b''
        with server.lock:
            number, server.count = server.count, server.count + (kind != 2)
            more = self.more() if 'slow' in options and kind != 2 else ()
            print(number, HEADS.get(kind, kind), off, length, flags, *more, flush=True)
            if kind == 2:
                return False
            if 'die' in options and number >= int(options['die']):
                os._exit(0)
            if 'silent' in options and number >= int(options['silent']):
                return True
            error = self.injected(number, HEADS.get(kind))
            if not error:
                error, answer = self.work(kind, off, length, data)
            if error:
                answer = b''
            self.answer(kind, handle, off, error, answer)
        return True

    def more(self):
        time.sleep(int(self.server.options['slow']) / 1000)
        return ('more',) if select.select([self.sock], [], [], 0)[0] else ()

    def injected(self, number, kind):
        if 'error' not in self.server.options:
            return 0
        first, code, *only = self.server.options['error'].split(':')
        hit = number >= int(first[:-1]) if first.endswith('+') else number == int(first)
        return int(code) if hit and kind in (only or [kind]) else 0

    def work(self, kind, off, length, data):
        fd = self.server.fd
        if off % self.server.block or length % self.server.block:
            return 22, b''
        if kind == 0:
            return 0, os.pread(fd, length, off)
        if kind == 1:
            os.pwrite(fd, data, off)
        elif kind == 3:
            os.fdatasync(fd)
        elif kind == 6:
            os.pwrite(fd, bytes(length), off)
        elif kind == 7:
            return self.extents(off, length)
        else:
            return 22, b''
        return 0, b''

    def extents(self, off, length):
        how = self.server.options.get('status')
        if how == 'error':
            return 22, b''
        pairs = {'zero': [(0, 3)], 'long': [(0xffffffff, 0)] * 3, 'lies': [(length, 3)]}
        entries = pairs.get(how)
        if how == 'short':
            # a hole that is not said to be zero may be anything
            entries = [(4096, n % 2) for n in range(length // 4096)]
        if how == 'endless':
            entries = [(512, 0 if any(os.pread(self.server.fd, 512, off)) else 3)]
        if entries is None:
            entries, end = [], off + length
            while off < end and len(entries) < 64:
                stop = off + 65536
                stop = min(stop - stop % 65536, end)
                entries.append((stop - off, 0 if any(os.pread(self.server.fd, stop - off, off)) else 3))
                off = stop
        return 0, b''.join(struct.pack('>II', *entry) for entry in entries)

    def answer(self, kind, handle, off, error, data):
        if not self.structured:
            self.sock.sendall(struct.pack('>IIQ', SIMPLE, error, handle) + data)
            return
        if error:
            what, data = 0x8001, struct.pack('>IH', error, 0)
        elif kind == 0:
            what, data = 1, struct.pack('>Q', off) + data
        elif kind == 7:
            what, data = 5, struct.pack('>I', 1) + data
        else:
            what = 0
        self.sock.sendall(struct.pack('>IHHQI', CHUNK, 1, what, handle, len(data)) + data)


def main():
    server = Server(sys.argv[2], dict(word.split('=', 1) for word in sys.argv[3:] if word))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(16)
    print('ready', flush=True)
    for number in itertools.count():
        sock, _ = listener.accept()
        print('a client', flush=True)
        threading.Thread(target=Connection(server, sock, number).run, daemon=True).start()


main()
