"""Makes share/models.json: the models, their prices and what they can.

models.py [--map FILE] [--check FILE]

The map comes from the PyPI package `litellm` (its MIT part), share/models-overrides.json is laid
over it, and the npm package `@pydantic/genai-prices` (MIT) is the second opinion: where the two
disagree on a price, the row is printed; models that only it has are added. Without --map and
--check both packages are fetched by name with pip and npm.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import exact_json
from second_opinion import PROVIDERS, compare, fill

ROOT = Path(__file__).resolve().parent.parent.parent
MAP = "litellm/model_prices_and_context_window_backup.json"
# Not models: an example, and rules about names that are in no map, which are taken as they are.
RULES = "fallback_generalizations"
NOT_MODELS = {"sample_spec", RULES}
MAX_FRACTION = 24  # digits after the point that src/llm/money.h holds


def fetch_map(folder):
    """(text of the map, version of the package)."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder,
                    "litellm"], check=True)
    wheel = next(Path(folder).glob("litellm-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MAP).decode(), wheel.name.split("-")[1]


def fetch_second(folder):
    """The providers of genai-prices, as its own code has them."""
    subprocess.run(["npm", "pack", "--silent", "@pydantic/genai-prices"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    archive = next(Path(folder).glob("*genai-prices-*.tgz"))
    subprocess.run(["tar", "xzf", archive], cwd=folder, check=True)
    script = ("import('./package/dist/index.js').then(m => { const out = {};"
              "for (const id of process.argv.slice(1)) {"
              "const p = m.findProvider({providerId: id}); if (p) out[id] = p.models; }"
              "console.log(JSON.stringify(out, (k, v) => v instanceof RegExp ? v.source : v)); })")
    found = subprocess.run(["node", "-e", script, *PROVIDERS], cwd=folder, check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    version = re.search(r"genai-prices-([\d.]+)\.tgz", archive.name).group(1)
    return json.loads(found), version


def is_price(key):
    return "cost" in key or "multiplier" in key or "pricing" in key


def without_leftovers(text):
    """1.5000020000000002e-05 was 1.500002e-05 before someone calculated it in binary."""
    value = Decimal(text)
    if len(value.as_tuple().digits) < 16:
        return text
    short = Decimal(f"{value:.14e}").normalize()
    return str(short).replace("E", "e") if len(short.as_tuple().digits) <= 12 else text


def clean(value, in_price=False):
    """The value with its prices mended; a price with more digits than we hold is an error."""
    if isinstance(value, dict):
        return {key: clean(item, in_price or is_price(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item, in_price) for item in value]
    if isinstance(value, exact_json.Number) and in_price:
        text = without_leftovers(value.text)
        if -Decimal(text).normalize().as_tuple().exponent > MAX_FRACTION:
            raise SystemExit(f"{text}: more than {MAX_FRACTION} digits after the point")
        return exact_json.Number(text)
    return value


def apply_overrides(models):
    text = (ROOT / "share/models-overrides.json").read_text()
    overrides = exact_json.loads(text)["models"]
    for name, change in overrides.items():
        if not change.get("reason"):
            raise SystemExit(f"models-overrides.json: {name} has no reason")
        models[name] = {**models.get(name, {}), **change["set"]}
        for key in change.get("remove", []):
            models[name].pop(key, None)
    return len(overrides)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--map", help="a map that is already here")
    arguments.add_argument("--check", help="genai-prices' providers as JSON")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.map:
            text, version = Path(given.map).read_text(), "from a file"
        else:
            text, version = fetch_map(folder)
        if given.check:
            second, second_version = json.loads(Path(given.check).read_text()), "from a file"
        else:
            second, second_version = fetch_second(folder)
    upstream = exact_json.loads(text)
    models = {name: clean(row) for name, row in upstream.items() if name not in NOT_MODELS}
    count = apply_overrides(models)
    compare(models, second)
    filled = fill(models, second)
    print(f"{filled} rows are genai-prices' alone")
    about = {
        "what": "Models, prices and capabilities, in LiteLLM's schema. Made by tools/data/models.py"
                " (make data); edit share/models-overrides.json instead.",
        "date": date.today().isoformat(),
        "sources": [
            {"package": "litellm", "registry": "PyPI", "version": version, "file": MAP,
             "sha256": hashlib.sha256(text.encode()).hexdigest(), "license": "MIT",
             "copyright": "Copyright (c) 2023 Berri AI"},
            {"file": "share/models-overrides.json", "rows": count, "license": "MIT"},
            {"package": "@pydantic/genai-prices", "registry": "npm", "version": second_version,
             "license": "MIT", "copyright": "Copyright (c) Pydantic Services Inc. 2025 to present",
             "rows": filled, "note": "all other rows were compared with it"},
        ],
    }
    out = ROOT / "share/models.json"
    out.write_text(exact_json.dump_rows({"_about": about, RULES: upstream[RULES], **models}))
    print(f"{out.relative_to(ROOT)}: {len(models)} models")


main()
