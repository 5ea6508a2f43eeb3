"""The two sides: LiteLLM in a process of its own, and the gateway."""

import http.client
import json
import os
import re
import select
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MASTER = "sk-master-parity"
PATHS = {"chat": "/v1/chat/completions", "embed": "/v1/embeddings", "text": "/v1/completions",
         "responses": "/v1/responses", "messages": "/v1/messages"}


def name_of(deployment):
    return deployment["model"] if len(deployment) == 1 else json.dumps(deployment)


def environment(proxy, variables):
    """No keys and proxies of whoever runs this; all outside is the proxy."""
    clean = {k: v for k, v in os.environ.items()
             if not re.search(r"_proxy$|_KEY$|_TOKEN$|_API_BASE$|_BASE_URL$|^AWS_|^LITELLM", k, re.I)}
    ca = str(proxy.authority.ca)
    return {**clean, **variables, "HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url,
            "NO_PROXY": "", "SSL_CERT_FILE": ca, "REQUESTS_CA_BUNDLE": ca}


class Oracle:
    PATIENCE_S = 60

    def __init__(self, python, proxy, variables):
        self.command = [python, str(HERE / "oracle.py")]
        self.environment = environment(proxy, variables)
        self._start()

    def _start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, env=self.environment)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("litellm does not start")

    def call(self, operation, body, deployment):
        """What came of it. There are replies that it never comes back from."""
        asked = {"operation": operation, "kwargs": {**deployment, **body}}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        if select.select([self.process.stdout], [], [], self.PATIENCE_S)[0]:
            outcome = json.loads(self.process.stdout.readline())
            if "error" in outcome:
                outcome["error"]["who"] = who_of(outcome["error"]["message"])
                outcome["error"]["retry_after"] = seconds(outcome["error"]["retry_after"])
            return outcome
        self.close()
        self._start()
        return {"error": {"class": f"no answer in {self.PATIENCE_S} s"}}

    def close(self):
        self.process.kill()
        self.process.wait(10)


class Gateway:
    """A deployment for each set of litellm_params; it is called by what they are."""

    def __init__(self, binary, folder, proxy, variables, deployments):
        config = folder / "config.yaml"
        config.write_text(json.dumps({
            "model_list": [{"model_name": name_of(d), "litellm_params": d} for d in deployments],
            "litellm_settings": {"drop_params": True, "num_retries": 0},
            "general_settings": {"master_key": MASTER}}))
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen([binary, "serve", "--config", str(config), "--port", "0"],
                                        stdout=self.log, stderr=self.log,
                                        env=environment(proxy, variables))
        for _ in range(500):
            found = re.search(r"listens on port (\d+)", (folder / "log").read_text())
            if found:
                break
            if self.process.poll() is not None:
                raise SystemExit((folder / "log").read_text())
            time.sleep(0.02)
        self.port = int(found.group(1))

    def call(self, operation, body, deployment):
        body = {**body, "model": name_of(deployment)}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        link.request("POST", PATHS[operation], json.dumps(body),
                     {"authorization": "Bearer " + MASTER, "content-type": "application/json"})
        reply = link.getresponse()
        text = reply.read().decode()
        link.close()
        if reply.status != 200:
            return {"error": error_of(reply.status, text) |
                    {"retry_after": seconds(reply.getheader("retry-after"))}}
        if not body.get("stream"):
            return {"reply": json.loads(text)}
        chunks = [json.loads(line[5:]) for line in text.split("\n")
                  if line.startswith("data:") and line[5:].strip() != "[DONE]"]
        for chunk in chunks:
            if chunk.get("error"):
                return {"error": error_of(chunk["error"].get("code"), json.dumps(chunk))}
        return {"chunks": chunks}

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


def error_of(status, text):
    message = str((json.loads(text).get("error") or {}).get("message"))
    named = re.search(r"litellm\.(\w+)", message)
    return {"class": named.group(1) if named else None, "message": message[:2000],
            "status": int(status) if str(status).isdigit() else 0, "who": who_of(message)}


def who_of(message):
    """"OpenAIException", which both put before what the provider says."""
    named = re.search(r"\b(\w+)Exception\b", message)
    return named and named.group(1).lower().replace("_", "")


def seconds(text):
    return int(float(text)) if text and re.fullmatch(r"[\d.]+", text) else None
