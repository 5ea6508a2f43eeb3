"""The variables that keys and addresses are found in, which of several counts, and what becomes of an
address: LiteLLM against llmux.

variables.py LLMUX [PROVIDER...]

Every provider that both have is asked by both, into a proxy that sees what is sent, with all the variables
set that either looks at; the one that was used is taken away, and it is asked again, until none is used any
more. What LiteLLM looks at must be looked at here, in its order; more may follow. Then both are given
addresses of several forms, and where they go is compared. A difference needs a rule in RULES or in PLACES;
a rule that explains nothing is one too many.

Run where `litellm` is installed (make parity's environment); skipped elsewhere.
"""

import contextlib
import fnmatch
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "parity"))
from proxy import Proxy, TOKEN  # noqa: E402

# Names of models that the provider's rows and LiteLLM's readers of names need; others: "who".
MODELS = {"bedrock": "anthropic.claude-3-haiku-20240307-v1:0", "bedrock_mantle": "openai.gpt-oss-120b",
          "clarifai": "openai.chat-completion.gpt-4", "ragflow": "chat/1/who", "sap": "gpt-4o",
          "vertex_ai": "gemini-2.5-flash", "gemini": "gemini-2.5-flash", "oci": "xai.grok-4",
          "anthropic": "claude-sonnet-4-5", "gdc": "gemini-2.5-flash", "nlp_cloud": "dolphin"}
# What is set beside, where there is no call without.
BESIDE = {"watsonx": {"WATSONX_PROJECT_ID": "p"}, "watsonx_text": {"WATSONX_PROJECT_ID": "p"},
          "snowflake": {"SNOWFLAKE_ACCOUNT_ID": "a"}, "predibase": {"PREDIBASE_TENANT_ID": "t"},
          "gdc": {"VERTEXAI_PROJECT": "p"}, "cloudflare": {"CLOUDFLARE_ACCOUNT_ID": "a"},
          "vertex_ai": {"VERTEXAI_PROJECT": "p"}}
AWS = {"AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION_NAME": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
# Whose address LiteLLM takes from the call only.
HOMELESS = ("infinity", "oobabooga", "openai_like", "triton", "xinference", "gdc", "huggingface")
GIVEN = "https://given.test/v1"
EMBEDDERS = ("voyage", "jina_ai", "infinity")
TELLING = re.compile(r"^(?!EXPERIMENTAL_|AWS_(?!BEARER|ACCESS|BEDROCK)|.*_(CERT|ID|MODE)$)"
                     r".*(KEY|TOKEN|SECRET|CREDENTIALS|JWT|PAT|API_BASE|URL|ENDPOINT)$")
ADDRESS = re.compile(r"(API_BASE|URL|ENDPOINT)$")

# (provider, LiteLLM's variable, why it is not looked at, or not so early), as patterns.
RULES = [
    ("azure*", "AZURE_OPENAI_AD_TOKEN", "goes along with a key there; here it is for want of one"),
    ("openrouter", "OR_SITE_URL", "no address: what a client calls itself"),
]

# How an address is given, and what is asked then: (provider, form, why it is another place here).
FORMS = {"none": None, "a host": "https://given.test", "a version": "https://given.test/v1",
         "a path": "https://given.test/a/b"}
PLACES = [
    ("bytez", "none", "OpenAI's language, which it speaks, too"),
    ("ollama", "*", "its chats; prompts go where LiteLLM sends all"),
    ("bedrock_mantle", "a [hp]*", "there is /v1 at every host of it (LiteLLM's own address has it)"),
    ("docker_model_runner", "a [hp]*", "/v1 follows the engine (docs.docker.com/ai/model-runner/api-reference)"),
    ("cohere", "a *", "LiteLLM wants the whole address, which is taken here, too"),
    ("text-completion-codestral", "a *", "LiteLLM wants the whole address, which is taken here, too"),
    ("datarobot", "a [vp]*", "LiteLLM wants the whole address, which is taken here, too"),
    ("nlp_cloud", "a *", "LiteLLM puts no slash between"),
    *((provider, "none", "no address is guessed: a key for somebody else would go to OpenAI")
      for provider in ("custom_openai", "hosted_vllm", "litellm_proxy")),
]


class Everything(Proxy):
    """Records what goes to token endpoints, too."""

    def answer(self, request):
        if not request["url"].startswith("https://raw."):
            self.requests.append(request)
        if "token" in request["url"].rpartition("/")[2] or "oauth" in request["url"]:
            return 200, {"content-type": "application/json"}, json.dumps(TOKEN).encode()
        return self.reply


def value(name):
    return (f"https://{name.lower().replace('_', '-')}.test/v1" if ADDRESS.search(name)
            else f"k-{name.lower()}")


def used(names, requests):
    """Those of the variables whose value went out."""
    text = "\n".join(r["url"] + "\n" + json.dumps(r["headers"]) + "\n" + r["body"].decode("latin1")
                     for r in requests)
    return [n for n in names if re.search(re.escape(value(n).removesuffix("/v1")) + r"(?![a-z_-])", text)]


class LiteLLM:
    def __init__(self, proxy):
        import litellm
        litellm.suppress_debug_info = True
        litellm.drop_params = True
        self.litellm, self.proxy, self.looked_at = litellm, proxy, []
        get = os._Environ.__getitem__

        def watched(environment, name):
            self.looked_at.append(name if isinstance(name, str) else name.decode())
            return get(environment, name)
        os._Environ.__getitem__ = watched

    def ask(self, provider, variables, base=None):
        before, self.looked_at[:] = dict(os.environ), []
        os.environ.update(variables)
        self.litellm.in_memory_llm_clients_cache.flush_cache()  # has keys of earlier calls
        at = {"api_base": base} if (base := base or (GIVEN if provider in HOMELESS else None)) else {}
        model = f"{provider}/{MODELS.get(provider, 'who')}"
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), \
                contextlib.suppress(Exception):  # the proxy refuses all
            if provider in EMBEDDERS:
                self.litellm.embedding(model=model, input=["x"], timeout=10, **at)
            else:
                self.litellm.completion(model=model, messages=[{"role": "user", "content": "x"}], timeout=10,
                                        **at)
        os.environ.clear()
        os.environ.update(before)
        return self.proxy.take()

    def candidates(self, provider, known):
        """What it looks at with nothing set, with keys, with addresses, and with all that is known
        by then: where one is set, the next is not looked for."""
        names = dict.fromkeys(known)
        for kinds in ((), (False,), (True,), (False, True)):
            there = {n: value(n) for n in names if bool(ADDRESS.search(n)) in kinds}
            self.ask(provider, {**BESIDE.get(provider, {}), **AWS, **there})
            names.update(dict.fromkeys(n for n in self.looked_at if TELLING.match(n)))
        return list(names)


class Llmux:
    def __init__(self, proxy, binary):
        self.proxy, self.binary = proxy, binary

    def ask(self, provider, variables, base=None):
        base = base or (GIVEN if provider in HOMELESS else None)
        subprocess.run([self.binary, "chat", "--no-stream", "-m", f"{provider}/{MODELS.get(provider, 'who')}",
                        *(("--base-url", base) if base else ()), "x"], check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env={**os.environ, **variables}, timeout=30)
        return self.proxy.take()

    def rows(self):
        return json.loads(subprocess.run([self.binary, "providers", "--json"], check=True,
                                         stdout=subprocess.PIPE).stdout)


def order(side, provider, candidates):
    """(keys, addresses) in the order in which they count, as lists of what was used at once. Nothing
    is asked without a key or an address, so those of one kind stay while the other's are found."""
    found = {}
    for kind in (True, False):
        names, found[kind] = list(candidates), []
        while True:
            requests = side.ask(provider, {**BESIDE.get(provider, {}), **AWS, **{n: value(n) for n in names}})
            new = [n for n in used(names, requests) if bool(ADDRESS.search(n)) == kind]
            if not new:
                break
            found[kind].append(new)
            names = [n for n in names if n not in new]
    return found[False], found[True]


def lacking(theirs, ours):
    """Those of theirs that ours has not, or has after what comes later there."""
    for i, group in enumerate(theirs):
        later = [ours.index(n) for g in theirs[i + 1:] for n in g if n in ours]
        yield from (n for n in group if n not in ours or ours.index(n) > min(later, default=len(ours)))


def places(theirs, ours, row):
    """(form, LiteLLM's URL, ours) where they differ, and LiteLLM goes where it was sent."""
    variables = {**BESIDE.get(row["id"], {}), **AWS, **{n: value(n) for n in row["key_variables"]}}
    for form, base in FORMS.items():
        if base is None and row["id"] in HOMELESS:
            continue
        their, our = ((side.ask(row["id"], variables, base) or [{"url": ""}])[-1]["url"] for side in (theirs, ours))
        at_home = row["base_url"] and "https" not in row["base_url"] and not base  # no proxy is asked for that
        lost = not their or (base and base not in their) or "/v1/v1" in their
        if their != our and not lost and not at_home:
            yield form, their, our


def compare(folder):
    for name in list(os.environ):
        if re.search(r"_proxy$|_KEY$|_TOKEN$|_API_BASE$|_BASE_URL$|^AWS_|^AZURE_|^LITELLM", name, re.I):
            del os.environ[name]
    proxy = Everything(folder)
    proxy.reply = (400, {"content-type": "application/json"}, b'{"error": {"message": "no"}}')
    ca = str(proxy.authority.ca)
    os.environ.update(HTTPS_PROXY=proxy.url, HTTP_PROXY=proxy.url, NO_PROXY="", SSL_CERT_FILE=ca,
                      REQUESTS_CA_BUNDLE=ca, HOME=folder, LITELLM_LOCAL_MODEL_COST_MAP="True",
                      NO_GCE_CHECK="true")
    try:
        theirs = LiteLLM(proxy)
    except ImportError:
        print("1..0 # SKIP there is no litellm")
        return 0
    ours = Llmux(proxy, sys.argv[1])
    known = {getattr(p, "value", p) for p in theirs.litellm.provider_list}
    rows = [r for r in ours.rows() if r["id"] in known and (not sys.argv[2:] or r["id"] in sys.argv[2:])]
    wrong, idle, silent, variables = 0, {*RULES, *PLACES}, [], 0
    for row in rows:
        candidates = theirs.candidates(row["id"], row["key_variables"] + row["base_url_variables"])
        if not any(n.startswith("OPENAI") for n in row["key_variables"]):
            candidates = [n for n in candidates if not n.startswith("OPENAI_")]  # the SDK's own
        asked = order(theirs, row["id"], candidates)
        here = ((row["key_variables"], row["base_url_variables"]) if row["id"] in EMBEDDERS
                else [sum(groups, []) for groups in order(ours, row["id"], candidates)])
        variables += sum(len(group) for groups in asked for group in groups)
        if not any(asked):
            silent.append(row["id"])
        for their, our in zip(asked, here):
            for name in lacking(their, our):
                rule = next((r for r in RULES if all(map(fnmatch.fnmatchcase, (row["id"], name), r[:2]))), None)
                idle.discard(rule)
                if not rule:
                    wrong += 1
                    print(f"{row['id']}: {name}: LiteLLM looks at {', '.join(map('+'.join, their))}; llmux at "
                          f"{', '.join(our)}", flush=True)
        if row["id"] in EMBEDDERS:
            continue
        for form, their, our in places(theirs, ours, row):
            rule = next((r for r in PLACES if r[0] == row["id"] and fnmatch.fnmatchcase(form, r[1])), None)
            idle.discard(rule)
            if not rule:
                wrong += 1
                print(f"{row['id']}: given {form}, LiteLLM goes to {their}, llmux to {our}", flush=True)
    if not sys.argv[2:]:
        for rule in idle:
            print(f"explains nothing: {rule}")
    print(f"{len(rows)} providers, {variables} variables of LiteLLM's, {len(FORMS)} forms of address, "
          f"{wrong} differences without a reason; "
          f"LiteLLM uses none for {', '.join(silent) or 'nobody'}")
    return bool(wrong or (idle and not sys.argv[2:]))


def main():
    with tempfile.TemporaryDirectory() as folder:
        return compare(folder)


if __name__ == "__main__":
    sys.exit(main())
