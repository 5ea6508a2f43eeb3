"""`llmux cost` against what LiteLLM said (cases.jsonl, made by oracle.py).

compare.py LLMUX

Equal means: LiteLLM's binary result is what ours is when it is read as a float, to 1 part in 1e12.
Where the two differ for a reason, expected.json says which rule is at work, why ours is right, and
how many cases it explains; a difference without a rule fails, and so does a rule without one.
Prints TAP.
"""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent


def ask(llmux, cases):
    """Our answer to each, with the parts of the cost."""
    lines = "".join(json.dumps({key: value for key, value in case.items() if key != "litellm"})
                    + "\n" for case in cases)
    done = subprocess.run([llmux, "cost", "--json"], input=lines, stdout=subprocess.PIPE,
                          text=True, check=False)
    answers = [json.loads(line, parse_float=Decimal) for line in done.stdout.splitlines()]
    return answers + [{"error": "no answer"}] * (len(cases) - len(answers))


def is_equal(ours, theirs):
    a, b = Decimal(str(ours)), Decimal(theirs)
    return abs(a - b) <= max(abs(a), abs(b)) * Decimal("1e-12")


def rule_of(case, rules):
    """The first rule whose conditions all hold for the case."""
    def value(path):
        found = case
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def holds(path, wanted):
        found = value(path)
        return found not in (None, 0) if wanted is True else found in wanted

    return next((rule for rule in rules
                 if all(holds(path, wanted) for path, wanted in rule["when"].items())), None)


def main():
    cases = [json.loads(line) for line in (HERE / "cases.jsonl").read_text().splitlines()]
    rules = json.loads((HERE / "expected.json").read_text())["differences"]
    explained = {rule["name"]: 0 for rule in rules}
    equal, wrong = 0, []
    for number, (case, ours) in enumerate(zip(cases, ask(sys.argv[1], cases)), 1):
        if "cost" in ours and is_equal(ours["cost"], case["litellm"]):
            equal += 1
            continue
        rule = rule_of(case, rules)
        if rule and "cost" in ours:
            explained[rule["name"]] += 1
        else:
            wrong.append(f"line {number}: {json.dumps(case)}\n#     ours {ours.get('cost')}"
                         f" {ours.get('error', '')}({ours.get('priced_as')})")
    print(f"# {len(cases)} cases: {equal} equal, {sum(explained.values())} explained,"
          f" {len(wrong)} wrong")
    for rule in rules:
        print(f"# {explained[rule['name']]:4} {rule['name']}: {rule['why']}")
    unused = [name for name, count in explained.items() if not count]
    print(f"{'not ok' if wrong or len(cases) < 500 else 'ok'} 1 - costs are LiteLLM's, or better",
          *(f"#   {text}" for text in wrong), sep="\n")
    print(f"{'not ok' if unused else 'ok'} 2 - every rule explains something {' '.join(unused)}")
    print("1..2")
    sys.exit(1 if wrong or unused or len(cases) < 500 else 0)


main()
