"""What genai-prices says of models: compared with the map, and added where the map has no row.

genai-prices names models by match rules; a row of ours is compared with the first of a provider's
models whose rule takes its name. A model that no row of ours is called by, a retired one or one of
a reseller, gets a row.
"""

import re
from decimal import Decimal

import exact_json

# Its name of a provider -> ours.
PROVIDERS = {
    "openai": "openai", "anthropic": "anthropic", "google": "gemini", "mistral": "mistral",
    "x-ai": "xai", "groq": "groq", "deepseek": "deepseek", "cohere": "cohere",
    "fireworks": "fireworks_ai", "together": "together_ai", "perplexity": "perplexity",
    "openrouter": "openrouter", "cerebras": "cerebras", "azure": "azure", "novita": "novita",
}
# Its prices are per million.
RATES = {
    "input_mtok": "input_cost_per_token", "output_mtok": "output_cost_per_token",
    "cache_read_mtok": "cache_read_input_token_cost",
    "cache_write_mtok": "cache_creation_input_token_cost",
}
MORE_RATES = {
    **RATES, "cache_write_1h_mtok": "cache_creation_input_token_cost_above_1hr",
    "input_audio_mtok": "input_cost_per_audio_token",
    "output_audio_mtok": "output_cost_per_audio_token",
    "cache_audio_read_mtok": "cache_read_input_audio_token_cost",
    "output_reasoning_mtok": "output_cost_per_reasoning_token",
}
BARE = {"openai", "anthropic"}  # whose rows have no prefix
CHAT = {"chat", "completion", "responses"}


def takes(rule, name):
    if "or" in rule:
        return any(takes(part, name) for part in rule["or"])
    if "and" in rule:
        return all(takes(part, name) for part in rule["and"])
    kind, text = next(iter(rule.items()))
    text = text if kind == "regex" else text.lower()
    return {"equals": lambda: name == text, "starts_with": lambda: name.startswith(text),
            "ends_with": lambda: name.endswith(text), "contains": lambda: text in name,
            "regex": lambda: re.search(text, name) is not None}[kind]()


def plain(prices):
    """The list price: the last of dated ones, the first tier."""
    if isinstance(prices, list):
        prices = prices[-1]["prices"]
    return {key: value["base"] if isinstance(value, dict) else value
            for key, value in prices.items()}


def number(value):
    return Decimal(value.text if isinstance(value, exact_json.Number) else str(value))


def differences(row, prices):
    for theirs, ours in RATES.items():
        if theirs in prices and ours in row:
            a, b = number(row[ours]) * 1000000, Decimal(str(prices[theirs]))
            if abs(a - b) > max(a, b) / 200:
                yield f"{theirs} {a.normalize():f} / {b.normalize():f}"


def compare(models, second):
    """Prints, for each provider, how many rows agree, then every row that does not."""
    print("disagreements, in dollars a million tokens: ours / genai-prices")
    for theirs, ours in PROVIDERS.items():
        agree, differ = 0, []
        for name, row in models.items():
            if row.get("litellm_provider") != ours or row.get("mode") not in CHAT:
                continue
            short = name.removeprefix(ours + "/").lower()
            found = next((m for m in second.get(theirs, []) if takes(m["match"], short)), None)
            if not found:
                continue
            wrong = list(differences(row, plain(found["prices"])))
            agree += not wrong
            if wrong:
                differ.append(f"  {name}: {', '.join(wrong)}")
        print(f"{ours}: {agree} agree, {len(differ)} do not", *differ, sep="\n")


def names_of(rule):
    """What a rule calls a model: what it equals, and what it begins with, if that is whole."""
    for kind, value in rule.items():
        if kind == "or":
            for part in value:
                yield from names_of(part)
        elif kind == "equals":
            yield value
        elif kind == "starts_with" and not re.search(r"-20\d\d$|\d{6,7}$", value):
            yield value.rstrip("-@.:")


def per_token(value):
    """Dollars a million -> a token, exactly."""
    return exact_json.Number(f"{(Decimal(str(value)) / 1000000).normalize():e}".replace("e+0", ""))


def row_of(model, provider):
    prices = model["prices"]
    if isinstance(prices, list):
        prices = prices[-1]["prices"]
    row = {"litellm_provider": provider, "mode": "chat" if "output_mtok" in prices else "embedding"}
    if model.get("context_window"):
        row["max_input_tokens"] = model["context_window"]
    for theirs, ours in MORE_RATES.items():
        value = prices.get(theirs)
        if isinstance(value, dict):
            for tier in value["tiers"]:
                above = round(tier["start"] / 1000)  # 271999 is 272,000, said the other way
                row[f"{ours}_above_{above}k_tokens"] = per_token(tier["price"])
            value = value["base"]
        if value is not None:
            row[ours] = per_token(value)
    row["source"] = "genai-prices"
    return row


def fill(models, second):
    """Adds what the map does not have; how many rows."""
    count, known = 0, {name.lower() for name in models}
    for theirs, ours in PROVIDERS.items():
        for model in second.get(theirs, []):
            row = row_of(model, ours)
            if "input_cost_per_token" not in row:
                continue
            for short in dict.fromkeys([model["id"], *names_of(model["match"])]):
                name = short if ours in BARE else f"{ours}/{short}"
                if {name.lower(), short.lower(), f"{ours}/{short}".lower()} & known:
                    continue
                models[name] = row
                known.add(name.lower())
                count += 1
    return count
