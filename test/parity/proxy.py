"""A provider of everything: an HTTP proxy that answers every address itself, and records what came.

Both sides are pointed at it with HTTPS_PROXY and a certificate authority made for the run, so that
they use their own addresses, signatures and bodies, and nothing leaves the loopback interface.
"""

import base64
import http.server
import json
import socketserver
import ssl
import subprocess
import threading
from pathlib import Path

from shapes import PDF, PNG

# Credentials of Google's, and what an address that gives out tokens for them says.
GOOGLE_USER = {"type": "authorized_user", "client_id": "client", "client_secret": "secret",
               "refresh_token": "refresh"}
MEDIA = {"https://media.test/a.png": ("image/png", base64.b64decode(PNG)),
         "https://media.test/a.pdf": ("application/pdf", base64.b64decode(PDF))}
TOKEN = {"access_token": "token", "expires_in": 3600, "token_type": "Bearer"}


class Authority:
    """Certificates for any host, made with openssl when they are first needed."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.ca = self.folder / "ca.pem"
        self.contexts = {}
        self.lock = threading.Lock()
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-days", "2", "-subj", "/CN=parity", "-keyout", "ca.key",
                      "-out", "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE",
                      "-addext", "keyUsage=critical,keyCertSign,digitalSignature")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-subj", "/CN=host", "-keyout", "host.key", "-out", "host.csr")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def context(self, host):
        with self.lock:
            if host not in self.contexts:
                (self.folder / "host.ext").write_text(f"subjectAltName=DNS:{host}\n")
                self._openssl("x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey",
                              "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "host.ext",
                              "-out", "host.pem")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.folder / "host.pem", self.folder / "host.key")
                self.contexts[host] = context
            return self.contexts[host]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for the head's acknowledgement

    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        host = self.path.rpartition(":")[0]
        self.send_response(200)
        self.end_headers()
        try:
            self.connection = self.server.authority.context(host).wrap_socket(
                self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = socketserver._SocketWriter(self.connection)
        self.origin = "https://" + host
        self.close_connection = False

    origin = ""

    def _answer(self):
        body = self._read_body()
        request = {"method": self.command, "url": self.origin + self.path, "body": body,
                   "headers": {k.lower(): v for k, v in self.headers.items()}}
        status, headers, reply = self.server.answer(request)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def _read_body(self):
        if self.headers.get("transfer-encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    do_POST = do_GET = do_PUT = do_HEAD = _answer


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder):
        self.authority = Authority(folder)
        self.reply = (400, {}, b"{}")
        self.requests = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a side that hangs up is none of our business

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, request):
        """The reply of the moment; token endpoints are no part of the comparison."""
        if "token" in request["url"].rpartition("/")[2]:
            return 200, {"content-type": "application/json"}, json.dumps(TOKEN).encode()
        if request["url"].startswith(("https://raw.", "https://huggingface.co/")):
            return 404, {}, b""  # lists and templates that LiteLLM wants for itself
        if request["url"] in MEDIA:  # what a message names by URL, fetched on the way
            kind, data = MEDIA[request["url"]]
            return 200, {"content-type": kind}, data
        self.requests.append(request)
        return self.reply

    def take(self):
        taken, self.requests = self.requests, []
        return taken
