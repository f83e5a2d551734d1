# SPDX-License-Identifier: GPL-2.0-or-later
# Changes a qcow2 image in a way that no program does, but an attacker may.
#
#   qcow2.py share IMAGE OUT     the third entry of the first L2 table is a copy of the first: both share a cluster
import struct
import sys


def share(image, out):
    data = bytearray(open(image, 'rb').read())
    l1 = struct.unpack_from('>Q', data, 40)[0]
    l2 = struct.unpack_from('>Q', data, l1)[0] & 0x00FFFFFFFFFFFE00
    data[l2 + 16:l2 + 24] = data[l2:l2 + 8]
    open(out, 'wb').write(data)


{'share': share}[sys.argv[1]](*sys.argv[2:])
