#!/usr/bin/env python3
"""Builds, runs and counts tests: run_tests.py STEP...

Steps: test (all of them, then the end-to-end tests), asan, tsan, fuzz. Each has a build folder of
its own. Whatever the steps, the last line is one sum, `N passed, N failed[, N skipped]`, and the
exit status is 1 when any failed. The Makefile and .ci/run call it; it knows no test by name.

What counts as one test: a line of TAP, a function of cmocka, a case of pytest; else the program.
"""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
E2E = ROOT / "test" / "e2e"

# What of the end-to-end tests measures neither time nor memory, which sanitizers cost.
UNMEASURED = ["test_openai_sdk.py", "test_anthropic_sdk.py", "test_client_faults.py",
              "test_provider_faults.py", "-k", "not hundred and not thousand and not pauses"]

# folder: of the build. targets: to build; none: all. suites: of meson's tests that run; none: all.
# e2e: arguments for pytest.
STEPS = {
    "test": {"folder": "build", "e2e": ["."]},
    "asan": {
        "folder": "build-asan",
        "options": ["-Dbuildtype=debugoptimized", "-Db_sanitize=address,undefined"],
        "suites": ["unit", "decide", "case", "fuzz"],
        "e2e": UNMEASURED,
        "env": {
            "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1:allocator_may_return_null=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        },
    },
    "tsan": {
        "folder": "build-tsan",
        "options": ["-Dbuildtype=debugoptimized", "-Db_sanitize=thread"],
        "suites": ["io", "net", "serve", "client"],
        "e2e": UNMEASURED,
        "env": {"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:"
                                f"suppressions={ROOT}/test/tsan.supp"},
    },
    "fuzz": {
        "folder": "build-fuzz",
        "options": ["-Dbuildtype=debugoptimized", "-Db_sanitize=address,undefined",
                    "-Db_lundef=false", "-Dfuzz=true"],
        "targets": ["fuzz-targets"],
        "env": {"CC": "clang"},
    },
}


class Counts:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def say(text):
    print(text, flush=True)


def run(command, env=None, quiet=False):
    """The exit status; with quiet the output is shown only when it failed."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(env or {})},
                          stdout=subprocess.PIPE if quiet else None,
                          stderr=subprocess.STDOUT if quiet else None, text=True, errors="replace")
    if quiet and done.returncode:
        say(done.stdout)
    return done.returncode


def build(folder, options, env, targets):
    """False when it cannot be built."""
    if not (ROOT / folder / "build.ninja").exists():
        if run(["meson", "setup", folder, *options], env, quiet=True):
            return False
    return run(["ninja", "-C", folder, *targets], env, quiet=True) == 0


# ---- Counting ----

def count_output(text, good):
    """What a test program's output says it ran."""
    counts = Counts()
    tap = re.findall(r"^(not )?ok\b([^\n]*)", text, re.M)
    for bad, rest in tap:
        if re.search(r"#\s*skip", rest, re.I):
            counts.skipped += 1
        elif bad:
            counts.failed += 1
        else:
            counts.passed += 1
    if not tap:
        counts.passed = len(re.findall(r"^\[       OK \]", text, re.M))
        counts.failed = len(re.findall(r"^\[  FAILED  \] [^\d]", text, re.M)) // 2
        counts.skipped = len(re.findall(r"^\[  SKIPPED \] [^\d]", text, re.M)) // 2
    if not good and not counts.failed:
        counts.failed = 1
    if good and not counts.passed and not counts.skipped:
        counts.passed = 1
    return counts


def show_failures(test, text):
    """The lines of TAP that failed, with their explanations: meson does not show them."""
    shown = False
    for line in text.splitlines():
        if re.match(r"(not )?ok\b", line):
            shown = line.startswith("not ") and not re.search(r"#\s*skip", line, re.I)
        if shown and re.match(r"not ok|#", line):
            say(f"{test}: {line}")


def meson_tests(folder, suites, env):
    command = ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs"]
    for suite in suites:
        command += ["--suite", suite]
    log = ROOT / folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    status = run(command, env)
    counts = Counts()
    if not log.exists():
        return Counts(failed=1 if status else 0)
    for line in log.read_text(errors="replace").splitlines():
        test = json.loads(line)
        if test["result"] == "SKIP":
            counts.skipped += 1
            continue
        text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
        show_failures(test["name"], text)
        counts.add(count_output(text, test["result"] in ("OK", "EXPECTEDFAIL")))
    return counts


# ---- End to end ----

def python_environment():
    """A Python with the SDKs in it, or None where they cannot be had."""
    venv, wanted = ROOT / "build" / "venv", E2E / "requirements.txt"
    python, stamp = venv / "bin" / "python", venv / "requirements.txt"
    if stamp.exists() and stamp.read_text() == wanted.read_text():
        return python
    say("e2e: installing what test/e2e/requirements.txt lists")
    if run([sys.executable, "-m", "venv", "--clear", str(venv)], quiet=True):
        return None
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
           "--retries", "2", "--timeout", "20", "-r", str(wanted)]
    if run(pip, quiet=True):
        return None
    stamp.write_text(wanted.read_text())
    return python


def e2e_tests(folder, arguments, env):
    python = python_environment()
    if not python:
        say("e2e: skipped, because the Python packages cannot be installed (no network?)")
        return Counts(skipped=1)
    report = ROOT / folder / "e2e.xml"
    report.unlink(missing_ok=True)
    paths = [str(E2E / a) if a == "." or a.endswith(".py") else a for a in arguments]
    status = run([str(python), "-m", "pytest", *paths, "-q", "-p", "no:cacheprovider",
                  f"--junitxml={report}"],
                 {**env, "LLMUX_BUILD": str(ROOT / folder), "PYTHONDONTWRITEBYTECODE": "1"})
    if not report.exists():
        return Counts(failed=1)
    counts = Counts()
    for suite in xml.parse(report).getroot().iter("testsuite"):
        total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
        bad = int(suite.get("failures")) + int(suite.get("errors"))
        counts.add(Counts(max(0, total - skipped - bad), bad, skipped))
    if status and not counts.failed:
        counts.failed = 1
    return counts


# ---- Fuzzing ----

def fuzz_one(target, folder, seconds, env):
    corpus = ROOT / folder / "corpus" / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    findings = ROOT / folder / "findings"
    findings.mkdir(exist_ok=True)
    seeds = ROOT / "test" / "fuzz" / "seeds" / target.name.removeprefix("fuzz_")
    command = [str(target), f"-max_total_time={seconds}", "-rss_limit_mb=1024", "-timeout=20",
               "-max_len=65536", "-print_final_stats=1", f"-artifact_prefix={findings}/{target.name}-",
               str(corpus)] + ([str(seeds)] if seeds.is_dir() else [])
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, text=True,
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    runs = re.search(r"number_of_executed_units:\s*(\d+)", done.stdout)
    coverage = re.findall(r"\bcov: (\d+)", done.stdout)
    say(f"fuzz: {target.name}: {'ok' if done.returncode == 0 else 'FAILED'}, "
        f"{runs.group(1) if runs else '?'} runs, {coverage[-1] if coverage else '?'} edges")
    if done.returncode:
        say("\n".join(done.stdout.splitlines()[-60:]))
    return Counts(1, 0) if done.returncode == 0 else Counts(0, 1)


def fuzz_targets(folder, env):
    seconds = os.environ.get("FUZZ_SECONDS", "600")
    targets = [target for target in sorted((ROOT / folder / "test" / "fuzz").glob("fuzz_*"))
               if target.is_file()]
    counts = Counts()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for one in pool.map(lambda target: fuzz_one(target, folder, seconds, env), targets):
            counts.add(one)
    if not counts.passed and not counts.failed:
        say("fuzz: no target was built")
        counts.failed = 1
    return counts


def step(name):
    what = STEPS[name]
    folder, env = what["folder"], what.get("env", {})
    say(f"== {name}: building in {folder}")
    if not build(folder, what.get("options", []), env, what.get("targets", [])):
        say(f"{name}: the build failed")
        return Counts(failed=1)
    if name == "fuzz":
        return fuzz_targets(folder, env)
    counts = meson_tests(folder, what.get("suites", []), env)
    counts.add(e2e_tests(folder, what["e2e"], env))
    return counts


def main(names):
    total = Counts()
    for name in names:
        if name not in STEPS:
            sys.exit(f"run_tests.py: unknown step '{name}': {', '.join(STEPS)}")
        total.add(step(name))
    say(str(total))
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["test"]))
