"""Counts what was checked, and prints it."""

import sys


class Table:
    def __init__(self):
        self.rows = {}  # (provider, kind): [records, passed]
        self.failures = []  # (provider, kind, name, reason)
        self.exceptions = []  # (provider, name, reason)

    def add(self, provider, kind, name, found):
        row = self.rows.setdefault((provider, kind), [0, 0])
        row[0] += 1
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            reason = " ".join(found[0].split())[:300] + more
            self.failures.append((provider, kind, name, reason))
        else:
            row[1] += 1

    def write(self, to=sys.stdout):
        wide = max([len(kind) for _, kind in self.rows] + [4])
        to.write(f"{'provider':<24} {'kind':<{wide}} {'records':>8} {'passed':>8}\n")
        for (provider, kind), (records, passed) in sorted(self.rows.items()):
            to.write(f"{provider:<24} {kind:<{wide}} {records:>8} {passed:>8}\n")
        if self.exceptions:
            to.write("\nnot intact, so there is no reply to compare and it must end in an error:\n")
            for provider, reason, name in sorted((p, r, n) for p, n, r in self.exceptions):
                to.write(f"  {provider}: {reason}: {name}\n")
        if self.failures:
            to.write("\nfailed:\n")
            for provider, kind, name, reason in sorted(self.failures):
                to.write(f"  {provider} {kind}: {name}: {reason}\n")
        to.write(f"\n{sum(p for _, p in self.rows.values())} passed, {len(self.failures)} failed\n")


# ---- As the program prints it ----

FORMS = ("reply", "stream", "error", "request", "embedding")
HEAD = """/*
 * The last run of `{command}` over recorded traffic: what was read, and how much of it passed.
 * Written by it; `llmux docs providers` prints it.
 *
 * LX_RECORDED_RUN(date, command)
 * LX_RECORDED(provider, whole replies, streams, errors, requests, exchanges of embeddings, checks,
 *             checks that failed)
 * LX_RECORDED_ODD(provider, why there is nothing in it to compare, records)
 * LX_RECORDED_BY(project whose tests recorded it)
 */
"""


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Definition:
    """Of each provider, its records by form, and how the checks of all of them ended."""

    def __init__(self):
        self.records = {}  # provider: {form: set of names}
        self.checks = {}  # provider: [made, failed]
        self.odd = {}  # (provider, reason): records
        self.sources = set()

    def add(self, provider, name, results, why, embeds):
        provider = provider.split("/")[0]
        self.sources.add(name.split(":")[0])
        if why:
            key = provider, why.split(":")[0]
            self.odd[key] = self.odd.get(key, 0) + 1
        counts = self.checks.setdefault(provider, [0, 0])
        for kind, found in results:
            form = kind.split()[0].split(",")[0]
            form = "embedding" if embeds else form
            self.records.setdefault(provider, {}).setdefault(form, set()).add(name)
            counts[0] += 1
            counts[1] += bool(found)

    def write(self, to, date, command):
        to.write(HEAD.format(command=command))
        to.write(f"LX_RECORDED_RUN({quoted(date)}, {quoted(command)})\n")
        for provider, forms in sorted(self.records.items()):
            counts = [len(forms.get(form, ())) for form in FORMS] + self.checks[provider]
            to.write(f"LX_RECORDED({quoted(provider)}, {', '.join(map(str, counts))})\n")
        for (provider, why), count in sorted(self.odd.items()):
            to.write(f"LX_RECORDED_ODD({quoted(provider)}, {quoted(why)}, {count})\n")
        for source in sorted(self.sources):
            to.write(f"LX_RECORDED_BY({quoted(source)})\n")
