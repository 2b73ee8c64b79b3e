"""Stands in for `sandbox/kernel/inside.py` where the sandbox's cost is measured: a warm kernel that nothing isolates.

Never part of a grading: `bench.unisolated` alone puts it in place, for the bench's own submissions.
"""
# mypy: ignore-errors
# (its neighbours are the sandbox's, once it is in place)

from __future__ import annotations

import base64
import json
import os
import random
import signal
import socket
import sys
import tempfile
from pathlib import Path

from .syscalls import PR_SET_PDEATHSIG, prctl

fork = os.fork


def become_kernel(control: socket.socket, telling: socket.socket) -> None:
    """The kernel itself: no namespaces, no folders of its own but one, no limits."""
    import numpy as np
    import torch

    import autograder.student.check as student

    from .prepared import after_fork, listen

    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parts = [b""]
    while not parts[-1].endswith(b"\n"):
        parts.append(control.recv(1 << 20))
    control.close()
    order = json.loads(b"".join(parts).splitlines()[-1])
    stage, folder = Path(os.environ["DOWNHILL_STAGE"]), Path(tempfile.mkdtemp(dir=os.environ["DOWNHILL_STAGE"]))
    for name, content in order["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(base64.b64decode(content))
    student.PROBLEMS = folder / "problems.json"
    student.PROBLEMS.write_text(json.dumps(order["problems"]))
    channels = listen(order["connection"] | {"ip": str(stage / "sockets" / order["sockets"] / "s")})
    os.chdir(folder)
    random.seed()
    np.random.seed()
    torch.default_generator.seed()
    sys.argv = ["ipykernel"]
    app = after_fork(order["connection"]["key"], channels)
    telling.send(json.dumps({"limits": order["limits"]}).encode())
    telling.close()
    app.iopub_thread.greet()
    app.start()
    os._exit(0)
