#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A proxy for qemu-nbd under its name, for tests. It fails at request number $DIE_AT (0: never), counted over all
connections from the first request after the handshake. $HOW: exit (with status 1), kill (SIGKILL), hang (no further
answers), garbage (in place of the answer), silent (from the start). With $WHEN=write only a child that may write fails.
The number of requests is written to the file $COUNT. $STATUS replaces the exit status of the real qemu-nbd."""
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile

real = os.environ['REAL_QEMU_NBD']
die_at = int(os.environ.get('DIE_AT', '0'))
how = os.environ.get('HOW', 'exit')
writes = '--read-only' not in sys.argv
armed = (die_at or how == 'silent') and (writes or os.environ.get('WHEN') != 'write')
if not armed and not os.environ.get('COUNT'):
    os.environ['LISTEN_PID'] = str(os.getpid())
    os.execv(real, ['qemu-nbd'] + sys.argv[1:])
if how == 'silent':
    signal.pause()

listener = socket.socket(fileno=3)
folder = tempfile.mkdtemp()
inner = socket.socket(socket.AF_UNIX)
inner.bind(folder + '/s')
inner.listen(16)


def be_real():
    os.dup2(inner.fileno(), 3)
    os.environ['LISTEN_PID'] = str(os.getpid())
    os.execv(real, ['qemu-nbd'] + sys.argv[1:])


pid = os.fork()
if not pid:
    be_real()

count = 0


def die():
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if how == 'kill':
        os.kill(os.getpid(), signal.SIGKILL)
    if how == 'hang':
        signal.pause()
    os._exit(1)


class Client:
    """One connection: bytes from e4zero are split into requests once the handshake is over."""
    def __init__(self, ours):
        self.ours = ours
        self.theirs = socket.socket(socket.AF_UNIX)
        self.theirs.connect(folder + '/s')
        self.pending = b''
        self.flags = False
        self.going = False

    def count(self, data):
        global count
        self.pending += data
        while True:
            if not self.flags:
                if len(self.pending) < 4:
                    return
                self.pending, self.flags = self.pending[4:], True
            if not self.going:
                if len(self.pending) < 16:
                    return
                option, size = struct.unpack('>8xII', self.pending[:16])
                if len(self.pending) < 16 + size:
                    return
                self.pending = self.pending[16 + size:]
                self.going = option in (1, 7)
                continue
            if len(self.pending) < 28:
                return
            magic, flags, kind, size = struct.unpack('>IHH16xI', self.pending[:28])
            assert magic == 0x25609513
            if kind == 1 and len(self.pending) < 28 + size:
                return
            self.pending = self.pending[28 + (size if kind == 1 else 0):]
            if kind == 2:
                continue
            count += 1
            if os.environ.get('COUNT'):
                with open(os.environ['COUNT'], 'w') as f:
                    f.write(str(count))
            if count == die_at and armed:
                if how == 'garbage':
                    self.ours.sendall(b'\xff' * 4096)
                die()


poll = selectors.DefaultSelector()
poll.register(listener, selectors.EVENT_READ)
open_clients = 0
accepted = False
while open_clients or not accepted:
    for key, _ in poll.select():
        if key.fileobj is listener:
            client = Client(listener.accept()[0])
            poll.register(client.ours, selectors.EVENT_READ, (client, True))
            poll.register(client.theirs, selectors.EVENT_READ, (client, False))
            open_clients += 1
            accepted = True
            continue
        client, from_us = key.data
        if client.ours.fileno() < 0:
            continue
        source, target = (client.ours, client.theirs) if from_us else (client.theirs, client.ours)
        try:
            data = source.recv(1 << 20)
        except OSError:
            data = b''
        if data and from_us:
            client.count(data)
        try:
            if data:
                target.sendall(data)
        except OSError:
            data = b''
        if not data:
            poll.unregister(client.ours)
            poll.unregister(client.theirs)
            client.ours.close()
            client.theirs.close()
            open_clients -= 1
os.unlink(folder + '/s')
os.rmdir(folder)
_, status = os.waitpid(pid, 0)
sys.exit(int(os.environ.get('STATUS', os.waitstatus_to_exitcode(status))))
