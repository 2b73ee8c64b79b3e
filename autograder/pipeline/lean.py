"""Import this first where every tenth of a second counts.

jsonschema, which nbformat imports, builds a grammar to check IRIs with: 0.7 s in each process, and no notebook is
checked for any. Without the package it leaves that check out. And Python looks for garbage at every 700 new objects,
of which an import makes a million that stay.
"""

import gc
import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
gc.set_threshold(50_000)
