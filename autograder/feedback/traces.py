"""What a student's own cell printed or raised, without our frames and without this machine's paths."""

from __future__ import annotations

import re

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"^File ")  # IPython calls a frame in a cell `Cell In[3]`; every other is a library's, or ours
CELL_FILE = re.compile(r"/\S*?/ipykernel_\d+/\d+\.py")
LIBRARY = re.compile(r"/[^\s:'\"]*/(?=(?:site|dist)-packages/)|/[^\s:'\"]*/(?=python3\.\d+/)")


def own_frames(traceback: list[str]) -> list[str]:
    """A traceback as IPython made it, shortened to the student's own cells, without paths.

    Example:
        >>> own_frames(["Cell In[3], line 1", "File /opt/lib/python3.12/site-packages/torch/x.py:2, in f", "Error"])
        ['Cell In[3], line 1', 'Error']
    """
    return [without_paths(entry) for entry in traceback if not FRAME.match(COLOUR.sub("", entry))]


def without_paths(text: str) -> str:
    """Text in which libraries and cells have no place on this machine.

    Example:
        >>> without_paths("/opt/venv/lib/python3.12/site-packages/torch/x.py:7: UserWarning: old")
        '…/site-packages/torch/x.py:7: UserWarning: old'
    """
    return LIBRARY.sub("…/", CELL_FILE.sub("the cell", text))
