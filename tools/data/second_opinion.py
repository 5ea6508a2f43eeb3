"""Compares the model map with genai-prices and prints where they disagree.

genai-prices names models by match rules; a row of ours is compared with the first of a provider's
models whose rule takes its name.
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
