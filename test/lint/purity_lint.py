"""The pure half calls nothing but what test/lint/pure-symbols.txt allows, and holds no variables.

purity_lint.py NM ARCHIVE...: the archives of the pure layers.
"""

import re
import subprocess
import sys
from pathlib import Path

from tap import check, done, skip

SANITIZER = re.compile(r"^__(asan|ubsan|tsan|msan|sanitizer|sancov|lsan)_")


def nm(tool, archive):
    """(object, symbol, class, section) of every symbol."""
    text = subprocess.run([tool, "-f", "sysv", archive], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    where = ""
    for line in text.splitlines():
        head = re.match(r"^(?:Undefined s|S)ymbols from (?:.*\[)?([^\]]+?)\]?:$", line)
        if head:
            where = head.group(1).split("/")[-1]
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7:
            yield where, fields[0], fields[2], fields[6]


def plain(symbol):
    """malloc for malloc, memcpy for __memcpy_chk."""
    return re.sub(r"^__(\w+)_chk$", r"\1", symbol)


def allowed_symbols():
    path = Path(__file__).with_name("pure-symbols.txt")
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return {line for line in lines if line}


def main():
    tool, archives = sys.argv[1], sys.argv[2:]
    symbols = [symbol for archive in archives for symbol in nm(tool, archive)]
    if any(SANITIZER.match(symbol) for _, symbol, _, _ in symbols):
        skip("the pure half is pure", "a sanitizer is built in")
        done()
    defined = {symbol for _, symbol, kind, _ in symbols if kind != "U"}
    wanted = {(plain(symbol), where) for where, symbol, kind, _ in symbols if kind == "U"}
    allowed = allowed_symbols()
    check("there is something to look at", [] if len(defined) > 100 else ["hardly any symbol"])
    check("the pure half calls only what is allowed",
          sorted(f"{where}: {symbol}" for symbol, where in wanted
                 if symbol not in defined and symbol not in allowed))
    check("the pure half has no variables",
          sorted(f"{where}: {symbol} in {section}" for where, symbol, _, section in symbols
                 if re.match(r"^\.(data|bss|tdata|tbss)(?!\.rel\.ro)\b", section)
                 or section == "*COM*"))
    check("the list allows nothing that is not called",
          sorted(symbol for symbol in allowed
                 if symbol not in {wanted_symbol for wanted_symbol, _ in wanted}
                 and not symbol.startswith("__")))
    done()


main()
