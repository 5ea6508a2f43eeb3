#!/usr/bin/env python3
"""Recorded traffic through `llmux translate`: run.py LLMUX [--only TEXT] [--kind TEXT] [-j N] [--def FILE]

Every recorded chat interaction of the providers in records.PROVIDERS is carried across, and what
comes out is compared with what readers of our own make of the provider's body: they share no code
with llmux. Exit status: 0 when all intact records pass, 1 when any fails.
"""

import argparse
import datetime
import multiprocessing
import sys

import checks
import embeddings
import records
import translate
from table import Definition, Table

def kinds_of(record):
    """Which checks a record undergoes, each with its line in the table; and why not all where it is
    not intact."""
    kinds, why = {}, None
    own = record.language
    form = "stream" if record.is_stream else "reply"
    if record.status >= 400:
        kinds["error -> both"] = checks.error
    elif (why := records.damage(record)) is not None and why.startswith(records.ODD):
        pass  # read as what it looks like: a reply
    elif why:
        kinds[f"{form}, not intact -> both"] = checks.reply_damaged
    elif own in checks.BACKS:
        for target in checks.READERS:
            kinds[f"{form} -> {target}"] = checks.reply_to(target)
        if own == "openai_completions":
            kinds[f"{form} -> {own}"] = checks.reply_as_is
            kinds[f"{form} -> {own}, anew"] = checks.reply_anew
    else:
        other = checks.OTHER[own]
        kinds[f"{form} -> {own}"] = checks.reply_as_is
        kinds[f"{form} -> {own}, anew"] = checks.reply_anew
        kinds[f"{form} -> {other}"] = checks.reply_across
    if record.request is not None and record.provider.endswith("/text"):
        kinds["request -> openai_completions"] = checks.text_in_place
        for target in checks.READERS:
            kinds[f"request -> {target}"] = checks.text_to(target)
    elif record.request is not None and own not in checks.BACKS:
        kinds.update(request_kinds_of(record))
    return kinds, why


def request_kinds_of(record):
    """What the provider refused for its form is checked in place only: who knows what it means?"""
    own = record.front
    kinds = {f"request -> {own}": checks.request_in_place}
    if record.row != record.provider or record.row not in ("openai", "anthropic"):
        return kinds  # the same requests as OpenAI's and Anthropic's, of which there are thousands
    if record.status not in (400, 422):
        kinds[f"request -> {own}, anew"] = checks.request_anew
        kinds[f"request -> {checks.OTHER[own]}"] = checks.request_across
        for target in checks.FAULTS:
            kinds[f"request -> {target}"] = checks.request_to(target)
    return kinds


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


def judge_any(job):
    return (judge(job), False) if len(job) == 3 else (embeddings.judge(job), True)


def everything(args):
    yield from jobs(args)
    if args.definition:
        yield from ((args.binary, record) for record in embeddings.load())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="LLMUX")
    parser.add_argument("--only", help="records with this in their name")
    parser.add_argument("--kind", help="checks with this in their name")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--def", dest="definition", metavar="FILE",
                        help="writes what `llmux docs providers` prints, embeddings with it")
    args = parser.parse_args()
    if not records.FOLDER.is_dir():
        print("corpus: skipped, the recorded traffic is not here (../shared/corpus)")
        return 0
    table, definition = Table(), Definition()
    with multiprocessing.Pool(args.jobs) as pool:
        for judged, embeds in pool.imap_unordered(judge_any, everything(args), chunksize=16):
            provider, name, results, why = judged
            for kind, found in results:
                table.add(provider, f"embedding {kind}" if embeds else kind, name, found)
            if why and not args.kind:
                table.exceptions.append((provider, name, why))
            definition.add(provider, name, results, why, embeds)
    table.write()
    if args.definition:
        with open(args.definition, "w", encoding="utf-8") as to:
            definition.write(to, datetime.date.today().isoformat(), "make corpus")
    return 1 if table.failures else 0


if __name__ == "__main__":
    sys.exit(main())
