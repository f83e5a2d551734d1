#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An NBD server that logs the writes, zeroes and flushes of a disk in order.

usage: backend.py SOCKET IMAGE LOG [DIES]

IMAGE is read once and not written to. Each change is answered after it was appended to LOG (op, offset, length, the
bytes of a write). The server exits at once in place of change number DIES, counted from 0. Otherwise it serves until its
standard input ends.
"""
import os
import socket
import struct
import sys
import threading

MAGIC, OPTION, REPLY, REQUEST, SIMPLE = 0x4E42444D41474943, 0x49484156454F5054, 0x3E889045565A9, 0x25609513, 0x67446698
ACK, INFO, UNKNOWN = 1, 3, 0x80000001
READ, WRITE, DISC, FLUSH, TRIM, ZEROES = 0, 1, 2, 3, 4, 6
HAS_FLAGS, SEND_FLUSH, SEND_ZEROES, MULTI_CONN = 1, 4, 64, 256


class Disk:
    def __init__(self, image, log, dies):
        with open(image, "rb") as f:
            self.bytes = bytearray(f.read())
        self.log, self.dies, self.changes = open(log, "wb"), dies, 0
        self.lock = threading.Lock()

    def change(self, op, off, length, data=b""):
        with self.lock:
            if self.changes == self.dies:
                os._exit(9)
            self.changes += 1
            self.log.write(struct.pack(">BQI", op, off, length) + data)
            self.log.flush()
            if op != FLUSH:
                self.bytes[off:off + length] = data or bytes(length)


class Gone(Exception):
    pass


class Client:
    def __init__(self, sock, disk):
        self.sock, self.disk = sock, disk
        self.flags = HAS_FLAGS | SEND_FLUSH | SEND_ZEROES

    def take(self, length):
        got = bytearray()
        while len(got) < length:
            more = self.sock.recv(length - len(got))
            if not more:
                raise Gone
            got += more
        return bytes(got)

    def unpack(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def answer(self, option, kind, data=b""):
        self.sock.sendall(struct.pack(">QIII", REPLY, option, kind, len(data)) + data)

    # True: the client has selected the export
    def option(self):
        _, option, length = self.unpack(">QII")
        data = self.take(length)
        export = struct.pack(">QH", len(self.disk.bytes), self.flags)
        if option == 1:
            self.sock.sendall(export + (b"" if self.no_zeroes else bytes(124)))
            return True
        if option in (6, 7):
            self.answer(option, INFO, struct.pack(">H", 0) + export)
            self.answer(option, ACK)
            return option == 7
        if option == 2:
            self.answer(option, ACK)
            raise Gone
        self.answer(option, UNKNOWN, data[:0])
        return False

    def request(self):
        magic, _, op, handle, off, length = self.unpack(">IHHQQI")
        if magic != REQUEST or op == DISC:
            raise Gone
        data = self.take(length) if op == WRITE else b""
        error, body = 0, b""
        if off + length > len(self.disk.bytes):
            error = 22
        elif op == READ:
            with self.disk.lock:
                body = bytes(self.disk.bytes[off:off + length])
        elif op in (WRITE, FLUSH, ZEROES):
            self.disk.change(op, off, length, data)
        else:
            error = 22
        self.sock.sendall(struct.pack(">IIQ", SIMPLE, error, handle) + body)

    def serve(self):
        try:
            self.sock.sendall(struct.pack(">QQH", MAGIC, OPTION, 3))
            self.no_zeroes = self.unpack(">I")[0] & 2
            while not self.option():
                pass
            while True:
                self.request()
        except (Gone, OSError):
            self.sock.close()


def accept(listener, disk):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=Client(sock, disk).serve, daemon=True).start()


def main():
    path, image, log = sys.argv[1:4]
    disk = Disk(image, log, int(sys.argv[4]) if len(sys.argv) > 4 else -1)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path + ".new")
    listener.listen()
    os.rename(path + ".new", path)  # once the name exists, clients can connect
    threading.Thread(target=accept, args=(listener, disk), daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


main()
