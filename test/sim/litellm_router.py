"""LiteLLM's own router under the scripts of sim.c, in real time, shortened.

litellm_router.py SIM [--strategy NAME] [SCRIPT ...]

SIM is the built simulator; it prints the scripts (`SIM --scripts`), so that there is one list of them.
Needs the litellm package. Three deployments are three ports on the loopback interface, served by a
process of their own, which behaves as the script says and counts what it is asked. A SCRIPT is a part of
a script's name; without one, all are run. The table is that of `SIM --short`, without prices.
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import random
import subprocess
import time

DEPLOYMENTS = 3
TIMEOUT_S = 10
RETRIES = 2
BODY = json.dumps({
    "id": "c", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": "word " * 20}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 19, "total_tokens": 20}}).encode()


class Phase:
    def __init__(self, text):
        start, end, which, self.trouble, value = text.split()
        self.start, self.end, self.which, self.value = float(start), float(end), int(which), int(value)


class Script:
    def __init__(self, line):
        name, seconds, rate, *phases = line.split("\t")
        self.name, self.seconds, self.rate = name, float(seconds), int(rate)
        self.phases = [Phase(p) for p in phases]

    def phase(self, second, index):
        for p in self.phases:
            if p.which >> index & 1 and p.start <= second < p.end:
                return p
        return None

    def is_trouble(self, second):
        return any(self.phase(second, i) for i in range(DEPLOYMENTS))


# ---- The providers, in a process of their own ----

class Provider:
    def __init__(self, script, began, index, figures):
        self.script, self.began, self.index, self.figures = script, began, index, figures
        self.minute, self.in_minute = None, 0

    async def answer(self, writer):
        """False: the connection is to be closed."""
        second = time.time() - self.began
        phase = self.script.phase(second, self.index)
        self.figures["attempts"] += 1
        self.figures["attempts in trouble"] += self.script.is_trouble(second)
        self.figures["to troubled"] += phase is not None
        trouble, value = (phase.trouble, phase.value) if phase else ("fine", 0)
        base = random.uniform(0.15, 0.25) + 0.02 * self.index
        if int(time.time() / 60) != self.minute:
            self.minute, self.in_minute = int(time.time() / 60), 0
        self.in_minute += 1
        status, headers, body = "200 OK", "", BODY
        if trouble == "dead":
            return False
        if trouble == "hangs":
            await asyncio.sleep(3 * TIMEOUT_S)
            return False
        if trouble == "limited" and self.in_minute > value:
            left = 60 - time.time() % 60
            status, headers, base = "429 Too Many Requests", f"retry-after: {int(left) + 1}\r\n", 0.005
            body = b'{"error": {"message": "slow down", "type": "rate_limit", "code": "429"}}'
        elif trouble == "errors" and random.uniform(0, 100) <= value:
            status = "500 Internal Server Error"
            body = b'{"error": {"message": "no", "type": "server_error", "code": "500"}}'
        await asyncio.sleep(base * value if trouble == "slow" else base)
        first = self.script.phases and self.script.phases[0]
        if status.startswith("200") and first and second >= first.end and \
                first.which >> self.index & 1 and not self.figures["recovered"]:
            self.figures["recovered"] = second - first.end
        writer.write(f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}"
                     f"content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        return True

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line.split(b":")[1] for line in head.lower().split(b"\r\n")
                          if line.startswith(b"content-length:")]
                await reader.readexactly(int(length[0]) if length else 0)
                if not await self.answer(writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def providers(script, pipe):
    async def run():
        figures = {"attempts": 0, "attempts in trouble": 0, "to troubled": 0, "recovered": 0}
        began = time.time() + 0.5
        servers = [await asyncio.start_server(Provider(script, began, i, figures).serve, "127.0.0.1", 0)
                   for i in range(DEPLOYMENTS)]
        pipe.send((began, [s.sockets[0].getsockname()[1] for s in servers]))
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        pipe.send(figures)
    asyncio.run(run())


# ---- LiteLLM ----

async def run_script(script, strategy):
    from litellm import Router
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=providers, args=(script, there), daemon=True)
    process.start()
    began, ports = here.recv()
    router = Router(
        model_list=[{"model_name": "g",
                     "litellm_params": {"model": "openai/m", "api_base": f"http://127.0.0.1:{port}/v1",
                                        "api_key": "none",
                                        "input_cost_per_token": (100 + 10 * i) * 1e-9,
                                        "output_cost_per_token": 0}}
                    for i, port in enumerate(ports)],
        routing_strategy=strategy, num_retries=RETRIES, timeout=TIMEOUT_S)
    times, asked, in_trouble, tasks = [], 0, 0, []

    async def one():
        start = time.monotonic()
        try:
            await router.acompletion("g", [{"role": "user", "content": "Hi"}])
            times.append(time.monotonic() - start)
        except Exception:  # whatever the client would see: it did not succeed
            pass

    while (second := time.time() - began) < script.seconds:
        if second >= 0:
            asked += 1
            in_trouble += script.is_trouble(second)
            tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(random.uniform(0, 2 / script.rate))
    await asyncio.gather(*tasks)
    here.send("over")
    f = here.recv()
    process.join()
    trouble = in_trouble or 1
    print(f"{script.name} ({script.seconds:.0f} seconds, {script.rate} requests a second)\n"
          f"  {'strategy':<24} {'succeeded':>11} {'attempts':>9} {'in trouble':>10} {'to it':>10} "
          f"{'mean':>10} {'worst':>9} {'recovery':>11}\n"
          f"  {strategy:<24} {100 * len(times) / asked:9.4f} % {f['attempts'] / asked:9.3f} "
          f"{f['attempts in trouble'] / trouble:10.3f} {100 * f['to troubled'] / trouble:8.2f} % "
          f"{1000 * sum(times) / (len(times) or 1):7.0f} ms {1000 * max(times, default=0):6.0f} ms "
          f"{f['recovered']:9.1f} s", flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("sim")
    options.add_argument("--strategy", default="simple-shuffle")
    options.add_argument("scripts", nargs="*")
    given = options.parse_args()
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # nothing is fetched
    import litellm
    logging.disable(logging.CRITICAL)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    text = subprocess.run([given.sim, "--scripts"], check=True, capture_output=True, text=True).stdout
    scripts = [Script(line) for line in text.splitlines()]
    for script in scripts:
        if not given.scripts or any(part in script.name for part in given.scripts):
            asyncio.run(run_script(script, given.strategy))


if __name__ == "__main__":
    main()
