"""What the shared library exports is its map file, and the map file is llmux.h.

abi_lint.py NM LIBRARY
"""

import re
import subprocess
import sys

from tap import ROOT, check, done


def exported(tool, library):
    text = subprocess.run([tool, "-D", "--defined-only", library], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    symbols = {line.split()[-1].split("@")[0] for line in text.splitlines() if line.strip()}
    # The version's own name is a symbol, and the compiler's profiling and sanitizing add some.
    return {symbol for symbol in symbols
            if not re.match(r"LLMUX_\d|_|__(asan|ubsan|tsan|sancov|gcov)", symbol)}


def declared():
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "include/llmux/llmux.h").read_text(), flags=re.S)
    return set(re.findall(r"\bLLMUX_API\b[^;]*?\b(llmux_\w+)\s*\(", text))


def listed():
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "src/client/llmux.map").read_text(), flags=re.S)
    return set(re.findall(r"\b(llmux_\w+);", text))


def difference(a, b, what):
    return [f"{symbol}: {what}" for symbol in sorted(a - b)]


tool, library = sys.argv[1:]
check("there is something to look at", [] if len(declared()) > 20 else ["hardly any function"])
check("the map lists the functions of llmux.h",
      difference(declared(), listed(), "not in llmux.map")
      + difference(listed(), declared(), "not in llmux.h"))
check("the library exports what the map lists",
      difference(listed(), exported(tool, library), "not exported")
      + difference(exported(tool, library), listed(), "exported, but not in llmux.map"))
done()
