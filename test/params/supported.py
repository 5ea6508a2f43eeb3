"""get_supported_openai_params of LiteLLM against `llmux providers --params`, for a model of every
provider that both have.

supported.py LLMUX [--verbose]

Run where `litellm` is installed (make parity's environment); skipped elsewhere. Each difference needs
a rule in supported.json: {"param", "side", "providers", "why"}, where side is who alone takes it,
"ours" or "theirs", and "*" stands for any. A rule that explains nothing is one too many.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What LiteLLM lists that is no parameter of a chat in OpenAI's language.
NOT_OURS = {"extra_headers", "max_retries", "timeout", "deployment_id"}


def theirs():
    """{provider/model: names}, for a chat model of each provider in LiteLLM's map."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        import litellm
    except ImportError:
        return None
    litellm.suppress_debug_info = True
    models = {}
    for name, row in litellm.model_cost.items():
        provider = row.get("litellm_provider")
        if row.get("mode") == "chat" and provider and "/" not in provider:
            models.setdefault(provider, []).append(name)
    said = {}
    for provider, names in sorted(models.items()):
        for name in (sorted(names)[0], sorted(names)[-1]):
            model = name.removeprefix(provider + "/")
            try:
                params = litellm.get_supported_openai_params(model=model,
                                                             custom_llm_provider=provider)
            except Exception:  # of a provider that it has no chats for
                params = None
            if params:
                said[f"{provider}/{model}"] = set(params) - NOT_OURS
    return said


def ours(llmux, model):
    done = subprocess.run([llmux, "providers", "--json", "--params", model],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return None
    return set(found if isinstance(found, list) else found.get("params", []))


def rule_for(rules, model, param, side):
    provider = model.split("/")[0]
    for rule in rules:
        if (side == rule["side"] and ("*" in rule["param"] or param in rule["param"].split())
                and ("*" in rule["providers"] or provider in rule["providers"])):
            return rule
    return None


def main():
    llmux, verbose = sys.argv[1], "--verbose" in sys.argv
    rules = json.loads((HERE / "supported.json").read_text())
    asked = theirs()
    if asked is None:
        print("1..0 # SKIP there is no litellm")
        return 0
    with ThreadPoolExecutor(2) as pool:
        answers = dict(zip(asked, pool.map(lambda model: ours(llmux, model), asked)))
    compared, used, unexplained = 0, set(), {}
    for model, params in asked.items():
        if answers[model] is None:
            continue
        compared += 1
        for side, names in (("theirs", params - answers[model]), ("ours", answers[model] - params)):
            for param in sorted(names):
                rule = rule_for(rules, model, param, side)
                if rule:
                    used.add(id(rule))
                else:
                    unexplained.setdefault((side, param), []).append(model)
    idle = [rule for rule in rules if id(rule) not in used]
    for (side, param), models in sorted(unexplained.items()):
        print(f"{side} alone: {param}: {', '.join(models if verbose else models[:6])}"
              + (f" and {len(models) - 6} more" if len(models) > 6 and not verbose else ""))
    for rule in idle:
        print(f"explains nothing: {json.dumps(rule)}")
    print(f"{compared} models of {len({m.split('/')[0] for m in asked})} providers, "
          f"{sum(map(len, unexplained.values()))} differences without a reason, {len(idle)} idle rules")
    return bool(unexplained or idle)


if __name__ == "__main__":
    sys.exit(main())
