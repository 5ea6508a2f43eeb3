#!/usr/bin/env python3
"""Recorded traffic through `llmux translate`: run.py LLMUX [--only TEXT] [--kind TEXT] [-j N]

Every recorded chat interaction of the providers in records.PROVIDERS is carried across, and what
comes out is compared with what readers of our own make of the provider's body: they share no code
with llmux. Exit status: 0 when all intact records pass, 1 when any fails.
"""

import argparse
import multiprocessing
import sys

import checks
import records
import translate
from table import Table

REPLY_KINDS = {
    "reply, to the other language": checks.reply_across,
    "reply, same language": checks.reply_as_is,
    "reply, same language, anew": checks.reply_anew,
}
REQUEST_KINDS = {
    "request, same language": checks.request_in_place,
}
# Only of what the provider did not refuse for its form: who knows what such a request means?
WELL_FORMED_KINDS = {
    "request, same language, anew": checks.request_anew,
    "request, to the other language": checks.request_across,
}


def kinds_of(record):
    """Which checks a record undergoes, and why not all where it is not intact."""
    kinds, why = {}, None
    if record.status >= 400:
        kinds["error"] = checks.error
    elif (why := records.damage(record)) is not None:
        kinds["reply, not intact"] = checks.reply_damaged
    else:
        kinds.update(REPLY_KINDS)
    if record.request is not None:
        kinds.update(REQUEST_KINDS)
        if record.status not in (400, 422):
            kinds.update(WELL_FORMED_KINDS)
    return kinds, why


def judge(job):
    """One record's checks, in a process of the pool."""
    binary, record, wanted = job
    kinds, why = kinds_of(record)
    results = []
    for kind, check in kinds.items():
        if wanted and wanted not in kind:
            continue
        try:
            found = list(check(binary, record))
        except translate.Crash as crash:
            found = [f"crashed: {crash}"]
        except Exception as bug:  # a reader's own mistake fails its record, not the run
            found = [f"the check itself failed: {bug!r}"]
        results.append((kind, found))
    return record.provider, record.name, results, why


def jobs(args):
    for provider in records.PROVIDERS:
        for record in records.load(provider):
            if not args.only or args.only in record.name:
                yield args.binary, record, args.kind


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="LLMUX")
    parser.add_argument("--only", help="records with this in their name")
    parser.add_argument("--kind", help="checks with this in their name")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    args = parser.parse_args()
    if not records.FOLDER.is_dir():
        print("corpus: skipped, the recorded traffic is not here (../shared/corpus)")
        return 0
    table = Table()
    with multiprocessing.Pool(args.jobs) as pool:
        for provider, name, results, why in pool.imap_unordered(judge, jobs(args), chunksize=16):
            for kind, found in results:
                table.add(provider, kind, name, found)
            if why and results:
                table.exceptions.append((provider, name, why))
    table.write()
    return 1 if table.failures else 0


if __name__ == "__main__":
    sys.exit(main())
