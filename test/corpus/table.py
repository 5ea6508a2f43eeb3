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
