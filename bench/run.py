#!/usr/bin/env python3
"""llmux and nginx in front of the same upstream, in one run: CPU, latency, memory, system calls.

Both gateways run with one loop, pinned to CPU 0; the upstream and the load share CPU 1. Rounds
alternate the order. What counts is the ratio to nginx, taken round by round: absolute times on a
shared machine mean little. nginx is a bare proxy_pass with kept-alive upstream connections and no access
log; llmux is measured "bare" (no key, no log) and "full" (master key, JSON access log).

    bench/run.py [--build DIR] [--rounds N] [--seconds S] [--only NAME,NAME] [--streams N]
"""
import argparse, json, os, pathlib, re, shutil, signal, socket, statistics, subprocess, sys, tempfile, time
import urllib.request

TICK = os.sysconf("SC_CLK_TCK")
KEY = "sk-bench"
HERE = pathlib.Path(__file__).resolve().parent


def pin(cpu):
    cpus = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cpus[cpu % len(cpus)])]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, process):
    for _ in range(2000):
        if process.poll() is not None:
            sys.exit(f"a server ended at once: {process.args}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.002)
    sys.exit(f"nothing listens on {port}")


class Server:
    """A process to be measured, or the upstream."""

    def __init__(self, name, argv, port, cpu, log):
        self.name, self.port = name, port
        self.process = subprocess.Popen(pin(cpu) + [str(a) for a in argv], stdout=log, stderr=log)
        wait_port(port, self.process)
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True)
        self.pids = [self.process.pid] + [int(p) for p in children.stdout.split()]

    def cpu_us(self):
        total = 0
        for pid in self.pids:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total * 1_000_000 / TICK

    def rss_kb(self):
        total = 0
        for pid in self.pids:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        return total

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


NGINX = """
worker_processes 1; daemon off; pid {dir}/nginx.pid; error_log {dir}/nginx.err;
worker_rlimit_nofile 65536;
events {{ worker_connections 32768; }}
http {{
  access_log off; client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir};
  uwsgi_temp_path {dir}; scgi_temp_path {dir};
  client_max_body_size 0; client_body_buffer_size 1m; keepalive_requests 100000000;
  upstream up {{ server 127.0.0.1:{up}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096;
    location / {{
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering {buffering}; proxy_read_timeout 600;
    }}
  }}
}}
"""


def llmux_config(up, full):
    key = f"general_settings:\n  master_key: {KEY}\n" if full else ""
    return (
        "model_list:\n"
        f"  - model_name: gpt-4o-mini\n    litellm_params: {{model: openai/gpt-4o-mini, "
        f"api_base: 'http://127.0.0.1:{up}/v1', api_key: sk-up}}\n"
        f"  - model_name: claude\n    litellm_params: {{model: anthropic/claude-sonnet-4-5, "
        f"api_base: 'http://127.0.0.1:{up}', api_key: sk-up}}\n"
        f"  - model_name: gemini\n    litellm_params: {{model: gemini/gemini-2.5-flash, "
        f"api_base: 'http://127.0.0.1:{up}/v1beta', api_key: sk-up}}\n"
        f"  - model_name: bedrock\n    litellm_params: {{model: bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0, "
        f"api_base: 'http://127.0.0.1:{up}', api_key: sk-up}}\n"
        "  - model_name: hello\n    litellm_params: {model: openai/hello, mock_response: hi}\n"
        f"{key}"
    )


def body(kind, model, stream):
    """1 KB of chat; 23 KB with tools; 400 KB of an agent's history."""
    request = {"model": model, "stream": True} if stream else {"model": model}
    request["max_tokens"] = 1000
    if kind == "1k":
        request["messages"] = [{"role": "system", "content": "You are helpful."},
                               {"role": "user", "content": "Tell me about the weather. " * 32}]
    else:
        tools, turns = (20, 4) if kind == "23k" else (40, 90)
        request["tools"] = [
            {"type": "function", "function": {
                "name": f"tool_{i}", "description": "Reads a file and returns what is in it. " * 8,
                "parameters": {"type": "object", "properties": {
                    f"argument_{k}": {"type": "string", "description": "A path\nor \"name\"."}
                    for k in range(5)}, "required": ["argument_0"]}}} for i in range(tools)]
        request["messages"] = [{"role": "system", "content": "You are an agent.\n" * 20}]
        for i in range(turns):
            request["messages"] += [
                {"role": "user", "content": f"Step {i}: go on, please."},
                {"role": "assistant", "content": None, "tool_calls": [
                    {"id": f"call_{i}", "type": "function", "function": {
                        "name": "tool_1", "arguments": json.dumps({"argument_0": f"/src/file_{i}.c"})}}]},
                {"role": "tool", "tool_call_id": f"call_{i}", "content":
                    ("int main(void)\n{\n\tputs(\"hello\");\n}\n" * (80 if kind == "400k" else 8))}]
    return json.dumps(request).encode()


class Bench:
    def __init__(self, args):
        self.args = args
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="llmux-bench-"))
        self.dir.chmod(0o777)
        self.log = open(self.dir / "log", "wb")
        self.build = pathlib.Path(args.build)
        self.results = {}

    def file(self, name, data):
        path = self.dir / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def upstream(self, *options):
        port = free_port()
        return Server("upstream", [self.build / "bench/upstream", "--port", port, *options], port, 1, self.log)

    def nginx(self, up, buffering="on"):
        port = free_port()
        conf = self.file(f"nginx-{port}.conf", NGINX.format(dir=self.dir, up=up, port=port, buffering=buffering))
        return Server("nginx", [shutil.which("nginx") or "/usr/sbin/nginx", "-c", conf, "-p", self.dir], port, 0, self.log)

    def llmux(self, up, full):
        port = free_port()
        name = "full" if full else "bare"
        conf = self.file(f"llmux-{name}-{port}.yaml", llmux_config(up, full))
        argv = [self.binary(), "serve", "--config", conf, "--port", port, "--host", "127.0.0.1", "--workers", 1]
        argv += ["--log-format", "json"] if full else ["--access-log", "off"]
        return Server(name, argv, port, 0, self.log)

    def llmux_group(self, up, name, count, strategy):
        """One group of so many deployments, all at the same upstream."""
        port = free_port()
        rows = "".join(f"  - model_name: gpt-4o-mini\n    litellm_params: {{model: openai/gpt-4o-mini, "
                       f"api_base: 'http://127.0.0.1:{up}/v1', api_key: sk-up-{i}}}\n" for i in range(count))
        conf = self.file(f"llmux-{name}-{port}.yaml",
                         f"model_list:\n{rows}router_settings: {{routing_strategy: {strategy}}}\n")
        return Server(name, [self.binary(), "serve", "--config", conf, "--port", port, "--host", "127.0.0.1",
                             "--workers", 1, "--access-log", "off"], port, 0, self.log)

    def binary(self):
        return self.build / "llmux"

    def load(self, server, body_file, *options):
        argv = pin(1) + [str(self.build / "bench/load"), "--port", str(server.port), "--body", str(body_file),
                         "--header", f"Authorization: Bearer {KEY}", *map(str, options)]
        done = subprocess.run(argv, capture_output=True, text=True)
        if not done.stdout.strip():
            sys.exit(f"the load failed: {done.stderr}")
        result = json.loads(done.stdout)
        if result["errors"]:
            print(f"  ! {server.name}: {result['errors']} errors")
        return result

    def measure(self, server, body_file, *options):
        before = server.cpu_us()
        result = self.load(server, body_file, *options)
        result["cpu_us"] = (server.cpu_us() - before) / max(1, result["ended"])
        return result

    def rounds(self, title, servers, body_for, *options, per=1, unit="request"):
        """All servers, alternating; prints a row each, with the ratio to nginx round by round."""
        rows = {s.name: [] for s in servers}
        for r in range(self.args.rounds):
            for s in servers if r % 2 == 0 else servers[::-1]:
                rows[s.name].append(self.measure(s, body_for(s), *options))
        print(f"\n{title}  ({self.args.rounds} rounds, median [min-max])")
        for s in servers:
            cpu = [x["cpu_us"] / per for x in rows[s.name]]
            ratio = [a["cpu_us"] / b["cpu_us"] for a, b in zip(rows[s.name], rows["nginx"])] if "nginx" in rows else []
            rate = [a["per_second"] / b["per_second"] for a, b in zip(rows[s.name], rows["nginx"])] if "nginx" in rows else []
            line = f"  {s.name:12} cpu/{unit} {med(cpu)} us"
            if ratio and s.name != "nginx":
                line += f"   x nginx {med(ratio, 2)}   throughput x nginx {med(rate, 2)}"
            else:
                line += f"   {statistics.median([x['per_second'] for x in rows[s.name]]):.0f}/s"
            line += f"   p50 {statistics.median([x['p50_us'] for x in rows[s.name]]):.0f} us  p99 {statistics.median([x['p99_us'] for x in rows[s.name]]):.0f} us"
            print(line, flush=True)
            self.results[f"{title}|{s.name}"] = {"cpu_us": statistics.median(cpu), "ratio": statistics.median(ratio) if ratio else 1,
                                                "p50_us": statistics.median([x["p50_us"] for x in rows[s.name]]),
                                                "p99_us": statistics.median([x["p99_us"] for x in rows[s.name]]),
                                                "per_second": statistics.median([x["per_second"] for x in rows[s.name]])}
        return rows

    # ---- what is measured ----

    def requests(self):
        up = self.upstream()
        servers = [self.nginx(up.port), self.llmux(up.port, False), self.llmux(up.port, True)]
        direct = self.load(up, self.file("1k", body("1k", "gpt-4o-mini", False)), "--connections", 16,
                           "--seconds", self.args.seconds)
        print(f"\nupstream and load alone: {direct['per_second']:.0f}/s")
        for kind in ("1k", "23k", "400k"):
            path = self.file(kind, body(kind, "gpt-4o-mini", False))
            self.rounds(f"{kind.upper()}B openai -> openai, 16 connections", servers, lambda s: path,
                        "--connections", 16, "--seconds", self.args.seconds)
        plain = self.file("1k", body("1k", "gpt-4o-mini", False))
        self.crossings("1KB openai -> {}, 16 connections", servers, plain, False, "--connections", 16)
        plain = self.file("400k", body("400k", "gpt-4o-mini", False))
        crossing400 = self.file("400k-claude", body("400k", "claude", False))
        self.rounds("400KB openai -> anthropic, 16 connections", servers,
                    lambda s: plain if s.name == "nginx" else crossing400,
                    "--connections", 16, "--seconds", self.args.seconds)
        self.latency(servers, self.file("1k", body("1k", "gpt-4o-mini", False)))
        self.system_calls(servers, self.file("1k", body("1k", "gpt-4o-mini", False)))
        for s in servers + [up]:
            s.stop()

    def crossings(self, title, servers, plain, stream, *load, **per):
        """Into the other providers' languages, each beside nginx, which passes OpenAI's."""
        for name, model in (("anthropic", "claude"), ("gemini", "gemini"), ("bedrock", "bedrock")):
            path = self.file(f"1k-{model}-{stream}", body("1k", model, stream))
            self.rounds(title.format(name), servers, lambda s: plain if s.name == "nginx" else path, *load,
                        "--seconds", self.args.seconds, **per)

    def router(self):
        """What choosing among ten costs, beside having one; ratios round by round."""
        up = self.upstream()
        servers = [self.llmux_group(up.port, "one", 1, "simple-shuffle")]
        servers += [self.llmux_group(up.port, f"ten {s}", 10, s)
                    for s in ("simple-shuffle", "latency-based-routing", "adaptive")]
        path = self.file("1k", body("1k", "gpt-4o-mini", False))
        rows = self.rounds("1KB, one deployment and a group of ten", servers, lambda s: path, "--connections", 16,
                           "--seconds", self.args.seconds)
        for s in servers[1:]:
            ratio = [a["cpu_us"] / b["cpu_us"] for a, b in zip(rows[s.name], rows["one"])]
            print(f"  {s.name:26} x one {med(ratio, 3)}")
            self.results[f"router|{s.name}"] = statistics.median(ratio)
        for s in servers + [up]:
            s.stop()

    def latency(self, servers, path):
        self.rounds("1KB, one connection", servers, lambda s: path, "--connections", 1, "--seconds", self.args.seconds)
        half = int(self.results["1KB openai -> openai, 16 connections|nginx"]["per_second"] / 2)
        self.rounds(f"1KB, open loop at {half}/s (half of nginx's best)", servers, lambda s: path, "--connections", 64,
                    "--rate", half, "--seconds", self.args.seconds)

    def system_calls(self, servers, path):
        if not shutil.which("strace"):
            print("\nsystem calls: strace is not installed, skipped")
            return
        print("\nsystem calls per request, 16 connections")
        for s in servers:
            out = self.dir / f"strace-{s.name}"
            trace = subprocess.Popen(["strace", "-f", "-c", "-o", out] + sum([["-p", str(p)] for p in s.pids], []),
                                     stderr=subprocess.DEVNULL)
            time.sleep(0.5)
            result = self.load(s, path, "--connections", 16, "--requests", 5000, "--warmup", 0, "--seconds", 60)
            trace.send_signal(signal.SIGINT)
            trace.wait()
            calls = {}
            for line in out.read_text().splitlines():
                m = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
                if m and m[2] != "total":
                    calls[m[2]] = int(m[1])
            n = max(1, result["ended"])
            detail = ", ".join(f"{k} {v / n:.2f}" for k, v in sorted(calls.items(), key=lambda x: -x[1])[:5])
            print(f"  {s.name:12} {sum(calls.values()) / n:.2f}   ({detail})")
            self.results[f"syscalls|{s.name}"] = sum(calls.values()) / n

    def streams(self):
        events = 200
        for title, options, load in (
            ("stream of 200 events in a burst", [], ["--connections", 16]),
            ("stream of 200 events, one every 5 ms, 64 at once", ["--gap-ms", 5], ["--connections", 64]),
        ):
            up = self.upstream("--events", events, *options)
            servers = [self.nginx(up.port, "off"), self.llmux(up.port, False), self.llmux(up.port, True)]
            path = self.file("stream", body("1k", "gpt-4o-mini", True))
            self.rounds(f"{title}, openai -> openai", servers, lambda s: path, *load, "--seconds", self.args.seconds,
                        per=events, unit="event")
            self.crossings(title + ", openai -> {}", servers, path, True, *load, per=events, unit="event")
            for s in servers + [up]:
                s.stop()

    def memory(self):
        print("\nmemory (RSS, KB)")
        up = self.upstream()
        path = self.file("1k", body("1k", "gpt-4o-mini", False))
        large = self.file("400k", body("400k", "gpt-4o-mini", False))
        for s in (self.nginx(up.port), self.llmux(up.port, True)):
            idle = s.rss_kb()
            self.load(s, path, "--connections", 64, "--seconds", self.args.seconds)
            self.load(s, large, "--connections", 64, "--seconds", self.args.seconds)
            loaded = s.rss_kb()
            time.sleep(5)  # a worker gives memory back when it has been quiet for a while
            print(f"  {s.name:12} idle {idle}  loaded {loaded}  recovered {s.rss_kb()}")
            self.results[f"memory|{s.name}"] = {"idle_kb": idle, "loaded_kb": loaded, "recovered_kb": s.rss_kb()}
            s.stop()
        up.stop()
        path = self.file("stream", body("1k", "gpt-4o-mini", True))
        for n in (1000, self.args.streams):
            up = self.upstream("--events", 8, "--gap-ms", 1500)
            for s in (self.nginx(up.port, "off"), self.llmux(up.port, True)):
                load = subprocess.Popen(pin(1) + [str(self.build / "bench/load"), "--port", str(s.port), "--body", str(path), "--header",
                                        f"Authorization: Bearer {KEY}", "--connections", str(n), "--hold", "--seconds", "60",
                                        "--warmup", "0"], stdout=subprocess.PIPE, text=True)
                peak = 0
                while load.poll() is None:
                    peak = max(peak, s.rss_kb())
                    time.sleep(0.1)
                result = json.loads(load.stdout.read())
                print(f"  {s.name:12} {n} open streams: peak {peak} KB; ended {result['ended']} of {result['started']}, "
                      f"errors {result['errors']}, longest gap {result['gap_max_ms']:.0f} ms (upstream's: 1500)")
                self.results[f"streams {n}|{s.name}"] = {"peak_kb": peak, **result}
                s.stop()
            up.stop()

    def library(self):
        up = self.upstream()
        calls = []
        for _ in range(self.args.rounds):
            done = subprocess.run(pin(0) + [str(self.build / "bench/library"), "--port", str(up.port)],
                                  capture_output=True, text=True, check=True)
            calls.append(json.loads(done.stdout)["cpu_us"])
        up.stop()
        print(f"\nlibrary, 16 calls at once: cpu/call {med(calls)} us")
        self.results["library_cpu_us"] = statistics.median(calls)

    def start(self):
        times = []
        conf = self.file("start.yaml", llmux_config(1, False))
        for _ in range(max(5, self.args.rounds)):
            port = free_port()
            begin = time.perf_counter()
            process = subprocess.Popen([self.binary(), "serve", "--config", conf, "--port", str(port), "--host", "127.0.0.1",
                                        "--access-log", "off"], stdout=self.log, stderr=self.log)
            while True:
                try:
                    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/chat/completions", method="POST",
                                                     data=b'{"model":"hello","messages":[{"role":"user","content":"hi"}]}')
                    urllib.request.urlopen(request, timeout=1).read()
                    break
                except OSError:
                    time.sleep(0.0005)
            times.append((time.perf_counter() - begin) * 1000)
            process.terminate()
            process.wait()
        print(f"\nstart to first answer: {med(times)} ms;  binary {os.path.getsize(self.binary()) // 1024} KB")
        self.results["start_ms"] = statistics.median(times)


def med(values, digits=1):
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}-{max(values):.{digits}f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(HERE.parent / "build"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--streams", type=int, default=10000)
    parser.add_argument("--only", default="start,requests,router,streams,memory,library")
    parser.add_argument("--json", help="write the figures to a file")
    args = parser.parse_args()
    if not (shutil.which("nginx") or os.path.exists("/usr/sbin/nginx")):
        sys.exit("nginx is not installed: `make bench` installs it")
    bench = Bench(args)
    for name in args.only.split(","):
        getattr(bench, name)()
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(bench.results, indent=1))
    shutil.rmtree(bench.dir, ignore_errors=True)


if __name__ == "__main__":
    main()
