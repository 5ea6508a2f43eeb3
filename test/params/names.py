"""get_llm_provider and validate_environment of LiteLLM against llmux, for every model of its map,
made-up names of every provider, in front and told beside (custom_llm_provider), and the addresses it knows.

names.py LLMUX [--verbose]

Run where `litellm` is installed (make parity's environment); skipped elsewhere. A difference needs a
rule in RULES; a rule that explains nothing is one too many.
"""

import contextlib
import fnmatch
import functools
import io
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

NOWHERE = "http://127.0.0.1:9/v1"
FAMILIES = ["gpt-9", "claude-nine", "gemini-9-pro", "who/what", "a.b-v1:0"]
BARE = ["*", "openai/*", "groq/*", "anthropic/*", "dolphin", "chatdolphin", "babbage-002", "gpt-4o", "o1", "o3-mini", "command-r", "jamba-9",
        "who", "who:what", "WHO", "ft:gpt-3.5-turbo:me", "ft:davinci-002:me", "gpt-3.5-turbo-instruct",
        "claude-3-haiku-20240307", "anthropic.claude-v2", "us.amazon.nova-pro-v1:0", "meta.llama3-70b",
        "text-embedding-004", "text-embedding-3-small", "gemini-2.5-pro", "sonar", "llama-3", "qwen-max",
        "mistral-large-latest", "deepseek-chat", "grok-2", "kimi-k2", "glm-4.6", "whisper-1", "tts-1"]

SIGNS_IN = {"github_copilot", "chatgpt"}  # as another program's user, when only its name is asked for

# (what differs, LiteLLM's side, ours, the name), as patterns. "none": no provider is known.
RULES = [
    ("provider", "none", "*", "*", "LiteLLM knows bare names one by one; here a family has one provider, "
     "however new the model"),
    ("provider", "bedrock", "none", "*-x-*/*", "pictures"),
    ("provider", "azure", "none", "azure/speech/*", "speech"),
    ("provider", "azure_ai", "none", "azure_ai/doc-intelligence/*", "documents"),
    ("left out", "*", "*", "*", "as `llmux providers NAME` says, and why"),
    ("provider", "openai", "azure", "azure/*", "by LiteLLM's list of models that Azure AI Studio had; they "
     "are Azure's as they say"),
    ("provider", "anyscale", "*", "*", "shut down"),
    ("provider", "text-completion-codestral", "codestral", "*", "one provider, which has prompts and chats"),
    ("model", "*", "*", "*bedrock*", "a region in front and a route are taken off at once"),
    ("model", "openrouter/*", "*", "* of openrouter", "what has no maker in its name is OpenRouter's own: it "
     "gets the prefix on its way"),
    ("keys", "LiteLLM says nothing of it", "*", "*", "its list of providers is not complete"),
    ("keys", "AZURE_API_VERSION", "nothing", "azure/*", "there is a version that is used without"),
    ("keys", "AWS_SECRET_ACCESS_KEY", "nothing", "*", "goes with AWS_ACCESS_KEY_ID, which is told"),
    ("keys", "CLOUDFLARE_API_BASE", "nothing", "*", "the account's id is enough"),
    ("keys", "OLLAMA_API_BASE", "nothing", "*", "the server at home is asked"),
    ("keys", "VERTEXAI_LOCATION", "nothing", "*", "there is a region that is used without"),
    ("keys", "DATAROBOT_API_TOKEN", "nothing", "*", "deployments at home take any"),
    ("keys", "INFINITY_API_KEY", "nothing", "*", "a server at home, which may have none"),
    ("keys", "nothing", "INFINITY_API_BASE", "*", "there is no address without it"),
    ("keys", "nothing", "GOOGLE_OAUTH_ACCESS_TOKEN", "*", "LiteLLM does not look for credentials"),
    ("keys", "nothing", "CLOUDFLARE_ACCOUNT_ID", "*", "LiteLLM asks for an address that has it"),
]


def ask_litellm():
    """[(name, api_base, explicit provider, provider, model)], and validate_environment; None without
    LiteLLM."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    try:
        import litellm
    except ImportError:
        return None, None
    litellm.suppress_debug_info = True
    providers = {getattr(p, "value", p) for p in litellm.provider_list} - SIGNS_IN
    names = [(name, None, None) for name in litellm.model_cost
             if name != "sample_spec" and "*" not in name and name.split("/")[0] not in SIGNS_IN]
    for p in sorted(providers):
        names += [(f"{p}/{f}", None, None) for f in FAMILIES]
        names += [(f, None, p) for f in (f"{p}/who", f"groq/{p}", "*", *FAMILIES)]
    names += [(name, None, None) for name in BARE]
    for place in litellm.openai_compatible_endpoints:
        place = place if "://" in place else "https://" + place
        names += [(name, place, None) for name in ("who", "gpt-4o", "groq/who", "*")]
    answers = []
    for name, base, explicit in dict.fromkeys(names):
        try:
            model, provider, _, _ = litellm.get_llm_provider(name, custom_llm_provider=explicit, api_base=base)
        except Exception:  # of whatever kind: the name is not known
            model, provider = name, None
        answers.append((name, base, explicit, provider or "none", model))
    return answers, litellm.validate_environment


def ask_llmux(llmux, asked):
    """[(provider, model)] in the order asked: one configuration that has them all."""
    entries = [{"model_name": str(i),
                "litellm_params": {"model": name, "api_base": base or NOWHERE,
                                   **({"custom_llm_provider": explicit} if explicit else {})}}
               for i, (name, base, explicit, _, _) in enumerate(asked)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        json.dump({"model_list": entries}, f)
        f.flush()
        done = subprocess.run([llmux, "models", "--json", "--config", f.name], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = {m["model"]: m["deployments"][0] for m in json.loads(done.stdout)}
    return [(found[str(i)]["provider"], found[str(i)]["model"]) if str(i) in found else ("none", name)
            for i, (name, *_) in enumerate(asked)]


def missing(llmux, name):
    done = subprocess.run([llmux, "providers", "--check", name, "--json"], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)["missing"]


@functools.cache
def is_left_out(llmux, provider):
    done = subprocess.run([llmux, "providers", provider], check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    return " is left out: " in done.stderr


def aliases(llmux):
    rows = json.loads(subprocess.run([llmux, "providers", "--json"], check=True,
                                     stdout=subprocess.PIPE).stdout)
    return {a: row["id"] for row in rows for a in (row["aliases"] or "").split("|")}


def differences(llmux, asked, validate):
    """(what, theirs, ours, name) of each."""
    one = {}
    same = aliases(llmux)
    for (name, base, explicit, provider, model), (p, m) in zip(asked, ask_llmux(llmux, asked)):
        provider = same.get(provider, provider)
        if p == "none" and is_left_out(llmux, provider):
            yield "left out", provider, p, name
        elif provider != p:
            yield "provider", provider, p, name + (f" at {base}" if base else "") + \
                (f" of {explicit}" if explicit else "")
        elif p != "none" and m != model:
            yield "model", model, m, f"{name} of {explicit}" if explicit else name
        elif p != "none" and not explicit:
            one.setdefault(p, name)
    with ThreadPoolExecutor(2) as pool:
        groups = dict(zip(one, pool.map(lambda p: missing(llmux, one[p]), one)))
    for p, name in one.items():
        with contextlib.suppress(Exception):  # of its own making, for names it has just resolved
            said = validate(name)
            if said["keys_in_environment"] and groups[p]:
                yield "keys", "LiteLLM says nothing of it", str(groups[p]), name
                continue
            for key in said["missing_keys"]:
                if not any(key in g for g in groups[p]):
                    yield "keys", key, "nothing", name
            for group in groups[p]:
                if not any(key in group for key in said["missing_keys"]):
                    yield "keys", "nothing", group[0], name


def compare(home):
    llmux, verbose = sys.argv[1], "--verbose" in sys.argv
    for name in list(os.environ):
        if name.endswith(("_KEY", "_TOKEN", "_API_BASE", "_BASE_URL")) or name.startswith(("AWS_", "AZURE_")):
            del os.environ[name]
    os.environ.update(AWS_EC2_METADATA_DISABLED="true", NO_GCE_CHECK="true", HOME=home)
    with contextlib.redirect_stdout(io.StringIO()):
        asked, validate = ask_litellm()
    if asked is None:
        print("1..0 # SKIP there is no litellm")
        return 0
    unexplained, used, count = {}, set(), 0
    for difference in differences(llmux, asked, validate):
        rule = next((r for r in RULES if all(map(fnmatch.fnmatchcase, difference, r[:4]))), None)
        count += 1
        if rule:
            used.add(rule)
        else:
            unexplained.setdefault(difference[:3], []).append(difference[3])
    for (what, theirs, ours), names in sorted(unexplained.items()):
        print(f"{what}: LiteLLM {theirs}, llmux {ours}: {', '.join(names if verbose else names[:6])}"
              + (f" and {len(names) - 6} more" if len(names) > 6 and not verbose else ""))
    idle = [rule for rule in RULES if rule not in used]
    for rule in idle:
        print(f"explains nothing: {rule}")
    print(f"{len(asked)} names, {count} differences, {sum(map(len, unexplained.values()))} of them without a "
          f"reason, {len(idle)} idle rules")
    return bool(unexplained or idle)


def main():
    with tempfile.TemporaryDirectory() as home:  # nobody's credentials
        return compare(home)


if __name__ == "__main__":
    sys.exit(main())
