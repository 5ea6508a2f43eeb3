"""The pages that are printed from tables are what the program prints.

docs_lint.py LLMUX
"""

import subprocess
import sys

from tap import ROOT, check, done

for page in ["config", "providers"]:
    printed = subprocess.run([sys.argv[1], "docs", page], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    same = (ROOT / "doc" / f"{page}.md").read_text() == printed
    check(f"doc/{page}.md is as printed",
          [] if same else [f"write it anew: llmux docs {page} > doc/{page}.md"])
done()
