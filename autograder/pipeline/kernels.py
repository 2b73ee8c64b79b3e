"""The kernel in which a student's code runs: the one place where it is chosen.

Isolated, it is forked from the template in the sandbox. Without isolation it is an ordinary process with the rights
of whoever grades.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from autograder.sandbox.limits import Limits
from autograder.sandbox.stage import lay_out

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@contextmanager
def kernel(
    problems: dict[str, Any], limits: Limits, files: dict[str, bytes]
) -> Iterator[tuple[AsyncKernelManager, dict[str, Any]]]:
    """A kernel's manager, and what its `start_kernel` has to be given.

    Args:
        problems: for each exercise its encoded problem.
        limits: what it may use, and how it is isolated.
        files: what lies beside the notebook, by relative name.
    """
    manager = AsyncKernelManager()
    manager.client_factory = PromptClient
    if limits.isolation != "none":
        chosen = {"kernel_provisioner": {"provisioner_name": "downhill-sandbox"}}
        manager._kernel_spec = KernelSpec(argv=[], language="python", display_name="sandbox", metadata=chosen)
        yield manager, {"files": files, "problems": problems, "limits": limits}
        return
    stage = Path(tempfile.mkdtemp(prefix="dh-"))
    try:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
        manager._kernel_spec = KernelSpec(argv=argv, language="python", display_name="Python 3")
        manager.transport = "ipc" if os.name == "posix" else "tcp"
        manager.connection_file = str(stage / "kernel.json")
        manager.ip = str(stage / "kernel-ipc") if manager.transport == "ipc" else "127.0.0.1"
        lay_out(stage / "path")
        (stage / "path" / "autograder" / "student" / "problems.json").write_text(json.dumps(problems))
        work = _work_folder(stage / "work", files)
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        env |= {"PYTHONPATH": str(stage / "path"), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
        yield manager, {"env": env, "cwd": str(work)}
    finally:
        shutil.rmtree(stage, ignore_errors=True)


class PromptClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel has answered and its outputs are subscribed to.

    Jupyter's own waits a fixed fifth of a second for outputs that may still come.
    """

    seconds_to_ready = 0.0

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        began = time.monotonic()
        deadline = began + (60 if timeout is None else timeout)
        answered = subscribed = False
        self.kernel_info()
        while not (answered and subscribed):
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")
            try:
                if not answered:
                    reply = await self.shell_channel.get_msg(timeout=0.5)
                    if reply["msg_type"] == "kernel_info_reply":
                        self._handle_kernel_info_reply(reply)
                        answered = True
                else:
                    await self.iopub_channel.get_msg(timeout=0.5)
                    subscribed = True
            except Empty:
                self.kernel_info()
        self.seconds_to_ready = time.monotonic() - began

    wait_for_ready = _async_wait_for_ready


def _work_folder(work: Path, files: dict[str, bytes]) -> Path:
    work.mkdir()
    for name, content in files.items():
        target = (work / name).resolve()
        if target.is_relative_to(work.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return work
