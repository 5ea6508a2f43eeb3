"""What the end-to-end tests are built from: the real program, raw sockets, providers that fail.

Everything is on the loopback interface. Nothing here stands in for a part of llmux: `Gateway` and
`Replay` run the binary, `Upstream` is a provider that does what a test's script says, `Tap` lets a
test see what passed between the two, and `Raw` is a client that can break every rule of HTTP.
"""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("LLMUX_BUILD", ROOT / "build"))
BINARY = Path(os.environ.get("LLMUX_BIN", BUILD / "llmux"))
CASES = Path(__file__).resolve().parent / "cases"
KEY = "sk-e2e-master-0123456789"
# The sanitizers' own memory is none of the tests' business, but leaks on the way of a test are.
SLACK = 10 if b"__asan_init" in BINARY.read_bytes() or b"__tsan_init" in BINARY.read_bytes() else 1
UPSTREAM_KEY = "sk-e2e-upstream-secret"


def wait_for(what, condition, seconds=5.0):
    """Polls until the condition holds; its last value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.01)


def environment(**extra):
    """The environment of a child: no keys and no proxies of whoever runs the tests."""
    clean = {k: v for k, v in os.environ.items()
             if not re.search(r"_proxy$|_API_KEY$|_API_BASE$|_BASE_URL$|^LITELLM|^CONFIG_FILE", k,
                              re.I)}
    return {**clean, "TZ": "UTC", **{k: str(v) for k, v in extra.items()}}


def deployment(name, model, url, **params):
    """A row of model_list; the version is part of OpenAI's base URL, not of Anthropic's."""
    base = url if model.startswith("anthropic/") else url + "/v1"
    return {"model_name": name, "litellm_params": {"model": model, "api_base": base,
                                                   "api_key": UPSTREAM_KEY, **params}}


def config(model_list, **sections):
    return {"model_list": model_list, "general_settings": {"master_key": KEY}, **sections}


# ---- Processes ----

class Process:
    """A running llmux that says on which port it listens."""

    def __init__(self, folder, arguments, env=None):
        self.stdout_path, self.stderr_path = folder / "stdout", folder / "stderr"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.started = time.monotonic()
            self.process = subprocess.Popen([str(BINARY), *map(str, arguments)], stdout=out,
                                            stderr=err, stdin=subprocess.DEVNULL,
                                            env=environment(**(env or {})))
        self.port = int(wait_for("listening", self._find_port))

    def _find_port(self):
        said = re.search(r"listens on port (\d+)", self.stdout() + self.stderr())
        if not said and self.process.poll() is not None:
            raise AssertionError(f"exit status {self.process.returncode}: {self.stderr()}")
        return said and said.group(1)

    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def open_files(self):
        """What each descriptor is."""
        found = []
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(f"/proc/{self.pid}/fd/{fd}"))
        return found

    def descriptors(self):
        return len(self.open_files())

    def _memory(self, name):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M).group(1)) / 1024

    def memory_mb(self):
        return self._memory("VmRSS")

    def peak_mb(self):
        return self._memory("VmHWM")

    def forget_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=10):
        return self.process.wait(seconds)

    def kill(self):
        if self.alive():
            self.process.kill()
        self.process.wait()


class Gateway(Process):
    """`llmux serve`. The configuration is a dict (JSON is YAML) or the text of the file."""

    # Idle connections to providers go soon, so that leaked descriptors show.
    DEFAULTS = {"upstream_idle_timeout": 0.1, "backoff_base": 0.05}

    def __init__(self, folder, config, *arguments, workers=2, env=None):
        self.config_path = folder / "config.yaml"
        self.write_config(config)
        super().__init__(folder, ["serve", "--config", self.config_path, "--port", 0, "--host",
                                  "127.0.0.1", "--workers", workers, *arguments], env)
        # It may still read the certificate authorities: no file is open for long.
        own = {str(self.stdout_path), str(self.stderr_path), "/dev/null"}
        self.baseline = wait_for("files to be closed", lambda: not any(
            name.startswith("/") and name not in own for name in self.open_files())
            and self.descriptors())
        self.memory_limit_mb = 200

    def write_config(self, config):
        if isinstance(config, dict):
            own = {**self.DEFAULTS, **config.get("llmux_settings", {})}
            config = json.dumps({**config, "llmux_settings": own}, indent=1)
        self.config_path.write_text(config)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def reload(self, config):
        """SIGHUP, and waits until the log says what became of it."""
        before = len(self.stdout())
        self.write_config(config)
        self.signal(signal.SIGHUP)
        wait_for("the reload's line", lambda: re.search(
            "configuration reloaded|reload failed", self.stdout()[before:]))

    def request(self, method, path, body=None, headers=None, key=KEY, timeout=30):
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            given = {"authorization": f"Bearer {key}"} if key else {}
            if body is not None and not isinstance(body, (bytes, str)):
                body, given["content-type"] = json.dumps(body), "application/json"
            connection.request(method, path, body, {**given, **(headers or {})})
            reply = connection.getresponse()
            return Reply(reply.status, list(reply.getheaders()), reply.read())

    def chat(self, model, **more):
        """A chat completion, without an SDK's own ideas in between."""
        headers = more.pop("headers", None)
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}
        return self.request("POST", "/v1/chat/completions", body, headers)

    def messages(self, model, **more):
        body = {"model": model, "max_tokens": 50,
                "messages": [{"role": "user", "content": "Hi"}], **more}
        return self.request("POST", "/v1/messages", body)

    def log_lines(self, pattern):
        return [line for line in self.stdout().splitlines() if re.search(pattern, line)]

    def access_line(self, pattern):
        """The line of the access log that matches; it comes a moment after the reply."""
        return wait_for(f"an access line like {pattern}", lambda: self.log_lines(pattern))[-1]

    def check_clean(self):
        assert self.alive(), f"it ended with {self.process.returncode}: {self.stderr()}"
        try:
            wait_for("descriptors to be closed", lambda: self.descriptors() <= self.baseline, 4)
        except AssertionError:
            names = self.open_files()
            raise AssertionError(f"{len(names) - self.baseline} descriptors are left open: {names}")
        peak = self.peak_mb()
        assert peak < self.memory_limit_mb * SLACK, f"{peak} MB at its peak"

    def stop(self):
        """SIGTERM ends it well."""
        self.signal(signal.SIGTERM)
        status = self.wait()
        assert status == 0, f"exit status {status} after SIGTERM: {self.stderr()}"
        for bad in ("Sanitizer", "runtime error:", "Assertion"):
            assert bad not in self.stderr(), self.stderr()


class Replay(Process):
    """`llmux replay` over cases, behind a tap that remembers the requests."""

    def __init__(self, folder, *cases, fast=True):
        super().__init__(folder, ["replay", *(cases or [CASES]), "--port", 0,
                                  *(["--fast"] if fast else [])])
        self.tap = Tap(self.port)
        self.url = self.tap.url

    def close(self):
        self.tap.close()
        self.kill()

    def sent(self, model):
        """Bodies of the requests for that model, in order."""
        return [body for body in map(Request.json, self.tap.requests) if body.get("model") == model]


# ---- HTTP, by hand ----

class Reply:
    def __init__(self, status, headers, body, closed=False):
        self.status, self.headers, self.body, self.closed = status, headers, body, closed

    def header(self, name):
        found = [v for k, v in self.headers if k.lower() == name]
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)

    def error(self):
        return self.json()["error"]

    def events(self):
        return sse_events(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:2000]!r}"


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body

    def header(self, name):
        found = [v for k, v in self.headers if k.lower() == name]
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)


def sse_events(body):
    """(event, data) of each record; data as JSON where it is JSON."""
    events = []
    for record in body.decode().replace("\r\n", "\n").split("\n\n"):
        name, data = None, []
        for line in record.split("\n"):
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
        if data:
            text = "\n".join(data)
            try:
                events.append((name, json.loads(text)))
            except ValueError:
                events.append((name, text))
    return events


class Wire:
    """A socket and what has been read from it beyond what was asked for."""

    def __init__(self, sock):
        self.sock, self.rest = sock, b""

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def more(self):
        """Reads some; b"" at the end (a reset is one)."""
        try:
            data = self.sock.recv(1 << 18)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        self.rest += data
        return data

    def until(self, mark):
        while mark not in self.rest:
            if not self.more():
                raise EOFError(f"closed before {mark!r}; got {self.rest[:500]!r}")
        taken, self.rest = self.rest.split(mark, 1)
        return taken

    def take(self, n):
        while len(self.rest) < n:
            if not self.more():
                raise EOFError(f"closed after {len(self.rest)} of {n} bytes")
        taken, self.rest = self.rest[:n], self.rest[n:]
        return taken

    def head(self):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        return lines[0], [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]

    def chunk(self):
        """One chunk of a chunked body; b"" for the last."""
        size = int(self.until(b"\r\n"), 16)
        data = self.take(size)
        assert self.take(2) == b"\r\n"
        return data

    def body(self, headers, until_close=False):
        lower = {k.lower(): v for k, v in headers}
        if lower.get("transfer-encoding") == "chunked":
            pieces = []
            while piece := self.chunk():
                pieces.append(piece)
            return b"".join(pieces)
        if "content-length" in lower:
            return self.take(int(lower["content-length"]))
        if until_close:
            while self.more():
                pass
            taken, self.rest = self.rest, b""
            return taken
        return b""

    def at_end(self, seconds=5):
        """True when the other side closes (whatever it sends before)."""
        self.sock.settimeout(seconds)
        try:
            while self.more():
                pass
        except TimeoutError:
            return False
        return True

    def close(self):
        self.sock.close()

    def reset(self):
        """Ends with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Raw(Wire):
    """A client on a socket of its own."""

    def __init__(self, gateway, timeout=10, receive_buffer=None):
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(timeout)
        sock.connect(("127.0.0.1", gateway.port))
        super().__init__(sock)

    def reply(self, head_only=False):
        line, headers = self.head()
        version, status = line.split(" ")[:2]
        status = int(status)
        if status == 100:
            return Reply(status, headers, b"")
        body = b"" if head_only else self.body(headers, until_close=True)
        return Reply(status, headers, body)


def post(body, path="/v1/chat/completions", headers="", version="1.1", key=KEY):
    """The bytes of a request."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return (f"POST {path} HTTP/{version}\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
            ).encode() + body


def get(path, headers="", version="1.1", method="GET"):
    return (f"{method} {path} HTTP/{version}\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
            f"{headers}\r\n").encode()


def chat_body(model, **more):
    return {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}


# ---- Providers ----

class Connection(Wire):
    """The provider's end of a connection."""

    def request(self):
        line, headers = self.head()
        method, target, _ = line.split(" ")
        return Request(method, target, headers, self.body(headers))

    def respond(self, status, body, headers="", content_type="application/json"):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        data = body if isinstance(body, bytes) else body.encode()
        self.send(f"HTTP/1.1 {status} Some Reason\r\ncontent-type: {content_type}\r\n"
                  f"content-length: {len(data)}\r\n{headers}\r\n".encode() + data)

    def stream(self, headers=""):
        self.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                  f"transfer-encoding: chunked\r\n{headers}\r\n")

    def send_chunk(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end_chunks(self):
        self.send(b"0\r\n\r\n")


class Upstream:
    """A provider: each connection is given to the script, on a thread of its own.

    `script(connection, index)` may be a list, too: one for each connection, the last one stays.
    """

    def __init__(self, script, tls=None):
        self.script, self.tls = script, tls
        self.requests, self.failures, self.connections = [], [], 0
        self.lock = threading.Lock()
        self.open, self.threads = [], []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(sock, self.connections),
                                      daemon=True)
            self.connections += 1
            thread.start()
            self.threads.append(thread)

    def _serve(self, sock, index):
        script = self.script
        if isinstance(script, list):
            script = script[min(index, len(script) - 1)]
        try:
            sock.settimeout(20)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            connection = Connection(sock)
            self.open.append(connection)
            connection.upstream = self
            script(connection)
        except (OSError, EOFError):
            pass
        except Exception as e:
            self.failures.append(e)
        finally:
            sock.close()

    def stop_listening(self):
        """Nobody connects any more. A thread that waits in accept() would keep a closed socket alive,
        and may find the next one under its number: so it is woken first."""
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.acceptor.join(5)
            self.listener.close()

    def close(self):
        self.stop_listening()
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(5)
        assert not self.failures, self.failures


def serving(reply):
    """A script that answers every request on a connection with reply(connection, request)."""
    def script(connection):
        while True:
            try:
                request = connection.request()
            except (EOFError, OSError):
                return
            with connection.upstream.lock:
                connection.upstream.requests.append(request)
            reply(connection, request)
    return script


def completion(text="Hello", model="m"):
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                         "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}}


def piece(text, finish=None):
    """One event of a chat completion's stream."""
    delta = {"role": "assistant", "content": text} if text else {}
    return "data: " + json.dumps(
        {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
         "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}) + "\n\n"


def failure(message, **more):
    """An event that says that it failed."""
    error = {"message": message, "type": "server_error", **more}
    return f"data: {json.dumps({'error': error})}\n\n"


DONE = "data: [DONE]\n\n"


def answer(text="Hello"):
    return serving(lambda connection, _: connection.respond(200, completion(text)))


def text_of(events):
    """The text in the events of a chat completion's stream."""
    return "".join(choice["delta"].get("content") or "" for _, data in events
                   if isinstance(data, dict) for choice in data.get("choices", []))


class Tap:
    """Passes connections on to a port and remembers the requests."""

    def __init__(self, port):
        self.target, self.connections = port, []
        self.upstream = Upstream(self._pass)
        self.url = self.upstream.url

    @property
    def requests(self):
        return self.upstream.requests

    def _pass(self, connection):
        with Wire(socket.create_connection(("127.0.0.1", self.target))) as out:
            def back():
                with contextlib.suppress(OSError):
                    while data := out.sock.recv(1 << 16):
                        connection.send(data)
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

            self.connections.append(connection)
            thread = threading.Thread(target=back, daemon=True)
            thread.start()
            try:
                while True:
                    request = connection.request()
                    with self.upstream.lock:
                        self.requests.append(request)
                    head = "".join(f"{k}: {v}\r\n" for k, v in request.headers
                                   if k.lower() not in ("content-length", "transfer-encoding"))
                    out.send(f"{request.method} {request.target} HTTP/1.1\r\n{head}"
                             f"content-length: {len(request.body)}\r\n\r\n".encode()
                             + request.body)
            except (EOFError, OSError):
                pass
            finally:
                with contextlib.suppress(OSError):
                    out.sock.shutdown(socket.SHUT_RDWR)
                thread.join(5)

    def close(self):
        self.upstream.close()


# ---- Cases ----

def upstream_requests(name):
    """The bodies that a case says the provider gets."""
    text = (CASES / f"{name}.md").read_text()
    found = []
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        if section.startswith("Upstream request"):
            block = re.search(r"^```json\n(.*?)\n```$", section, re.M | re.S)
            found.append(json.loads(block.group(1)))
    return found


# ---- Certificates ----

class Authority:
    """A certificate authority in a folder, by the openssl command."""

    def __init__(self, folder):
        self.folder = folder
        self.ca, self.ca_key = folder / "ca.pem", folder / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", self.ca_key, "-out", self.ca, "-days", "3650",
                      "-subj", "/CN=llmux test authority")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, alternative, expired=False):
        """(certificate, key) for a subjectAltName such as "IP:127.0.0.1"."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        days = ["-days", "-1"] if expired else ["-days", "30"]
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.ca_key,
                      "-CAcreateserial", "-out", certificate, "-extfile", extensions, *days)
        return certificate, key

    def server_context(self, name, alternative, expired=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, alternative, expired))
        return context
