# SPDX-License-Identifier: GPL-2.0-or-later
"""A web server that supports range requests.

usage: web.py FILE DIRECTORY [CERTIFICATE]

It writes its address to FILE once it listens. CERTIFICATE is a file with a certificate and its key, for https.
"""
import http.server
import os
import re
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, body):
        with open(os.path.join(sys.argv[2], os.path.basename(self.path)), "rb") as f:
            size = os.fstat(f.fileno()).st_size
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            first, last = (int(asked[1]), int(asked[2] or size - 1)) if asked else (0, size - 1)
            last = min(last, size - 1)
            self.send_response(206 if asked else 200)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(last - first + 1))
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.end_headers()
            f.seek(first)
            if body:
                self.wfile.write(f.read(last - first + 1))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if sys.argv[3:]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[3])
    server.socket = tls.wrap_socket(server.socket, server_side=True)
with open(sys.argv[1] + ".new", "w", encoding="ascii") as address:
    address.write("%s://%s:%d" % ("https" if sys.argv[3:] else "http", *server.server_address))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
