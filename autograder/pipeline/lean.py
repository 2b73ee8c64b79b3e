"""Import this first where every tenth of a second counts.

jsonschema, which nbformat imports, builds a grammar to check IRIs with: 0.7 s in each process, and no notebook is
checked for any. Without the package it leaves that check out.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
