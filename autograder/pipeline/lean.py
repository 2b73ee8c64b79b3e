"""Import this first where every tenth of a second counts.

jsonschema, which nbformat imports, builds a grammar to check IRIs with, 0.7 s in each process, and the like for URIs
and spans of time, another 0.07 s; no notebook is checked for any. Without these packages it leaves such checks out. And
Python looks for garbage at every 700 new objects, of which an import makes a million that stay.
"""

import gc
import sys

for checker in ("rfc3987_syntax", "rfc3986_validator", "isoduration"):
    sys.modules.setdefault(checker, None)  # type: ignore[arg-type]
gc.set_threshold(50_000)
