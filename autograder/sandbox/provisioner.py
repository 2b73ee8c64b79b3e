"""A kernel provisioner over the template process, and the template as its client sees it.

Registered as `downhill-sandbox` under `jupyter_client.kernel_provisioners`. A template process is started at the first
kernel and ends with the process that started it; the workers of a grading share one.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import KernelProvisionerBase

from autograder.errors import NoSandbox
from autograder.sandbox import bubblewrap
from autograder.sandbox.limits import Limits
from autograder.sandbox.stage import lay_out

HERE = Path(__file__).parent
SECONDS_TO_START = 120.0
SECONDS_TO_FORK = 30.0
SECONDS_TO_DIE = 20.0
SECONDS_TO_BE_HELD = 30.0
PREFIX = "dh-sandbox-"


class LostTemplate(NoSandbox):
    """The template process died, through no fault of the submission that is known: it may be tried again."""


class TemplateProcess:
    """The process inside bubblewrap that has everything imported; it serves whoever connects to its socket.

    A grading starts one for all its workers: the imports are paid for once.
    """

    def __init__(self) -> None:
        reason = bubblewrap.unavailable()
        if reason:
            raise NoSandbox(reason)
        sweep()
        self.stage = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._held: int | None = hold(self.stage)
        lay_out(self.stage / "code")
        package = self.stage / "code" / "autograder"
        shutil.copytree(HERE / "kernel", package / "kernel", ignore=shutil.ignore_patterns("__pycache__"))
        for fonts in matplotlibs_folder().glob("fontlist-*.json"):
            (package / "kernel" / "fonts").mkdir(exist_ok=True)
            shutil.copy(fonts, package / "kernel" / "fonts")
        (package / "student" / "problems.json").symlink_to(f"{bubblewrap.PROBLEMS}/problems.json")
        (self.stage / "sockets").mkdir()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.stage / "control"))  # outside of what the sandbox sees
        listener.listen(1024)
        with listener, (self.stage / "errors").open("wb") as errors:
            arguments = [sys.executable, "-m", "autograder.kernel.template", str(listener.fileno())]
            self.process = subprocess.Popen(
                [*bubblewrap.command(self.stage), *arguments],
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    def close(self) -> None:
        """End it with every process inside, and remove what it left."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.stage, ignore_errors=True)
        if self._held is not None:
            os.close(self._held)
            self._held = None  # the number may be another file's by the next call


class Template:
    """A connection to a template process, which forks kernels for it; one kernel at a time."""

    def __init__(self, stage: Path | None = None) -> None:
        """Connect to the template process of this stage, or to one of its own, which is started.

        Who shares one from now on keeps to the core of its kernels.
        """
        self._own = None if stage else TemplateProcess()
        self.stage = self._own.stage if self._own else Path(stage or "")
        self.served = 0
        self.ending = False
        self._received = b""
        self._control = socket.socket(socket.AF_UNIX)
        try:
            self._control.connect(str(self.stage / "control"))
            core = self.receive(SECONDS_TO_START)["core"]
            if stage:  # to and fro between two cores takes longer than on one, and other workers have theirs
                os.sched_setaffinity(0, {core})
        except (NoSandbox, OSError) as error:
            errors = self.stage / "errors"
            said = errors.read_text(errors="replace").strip()[-500:] if errors.is_file() else ""
            self.close()
            kind = LostTemplate if isinstance(error, OSError) else type(error)
            raise kind(f"the sandbox could not be started: {said or error}. {bubblewrap.HELP}") from None

    def launch(self, connection: dict[str, Any], order: dict[str, Any], sockets: str) -> None:
        """Fork a kernel; returns when its sockets are bound.

        Args:
            connection: Jupyter's connection info.
            order: files, problems and limits of the submission.
            sockets: the name of this kernel's folder under `stage/sockets`.

        Raises:
            NoSandbox: if the kernel could not be isolated.
        """
        self.settle()
        self.send({**order, "connection": connection, "sockets": sockets})
        answer = self.receive(SECONDS_TO_FORK)
        if "failed" in answer:
            self.receive(SECONDS_TO_DIE)  # that it has ended
            raise NoSandbox(f"a kernel could not be isolated: {answer['failed']}. {bubblewrap.HELP}")

    def settle(self) -> None:
        """Wait until a kernel that was killed has ended with all its processes.

        Raises:
            LostTemplate: if it does not, and its template had to be ended too.
        """
        try:
            while self.ending:
                self.ending = "ended" not in self.receive(SECONDS_TO_DIE)
        except NoSandbox:
            self.close()
            raise LostTemplate("a kernel could not be ended, and was with its template process") from None

    def send(self, message: dict[str, Any]) -> None:
        """One JSON line to the template."""
        try:
            self._control.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise LostTemplate("the template process is gone") from None

    def receive(self, seconds: float) -> dict[str, Any]:
        """One JSON line from the template.

        Raises:
            LostTemplate: if the template has died.
            NoSandbox: if it says nothing.
        """
        deadline = time.monotonic() + seconds
        while b"\n" not in self._received:
            ready, _, _ = select.select([self._control], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise NoSandbox("the template process does not answer")
            try:
                data = self._control.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                raise LostTemplate("the template process has died")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    @property
    def alive(self) -> bool:
        """Whether it can serve another kernel."""
        try:
            return bool(self._received or self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Its own template process.

        Raises:
            NoSandbox: if it is connected to another one's.
        """
        if self._own is None:
            raise NoSandbox("the template process belongs to the process that started it")
        return self._own.process

    def close(self) -> None:
        """End the connection and the kernel on it; a template process of its own ends too."""
        self._control.close()
        if self._own:
            self._own.close()


def matplotlibs_folder() -> Path:
    """Where matplotlib keeps its list of this machine's fonts, which takes it up to seconds to make."""
    own = os.environ.get("MPLCONFIGDIR")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"


def hold(stage: Path) -> int:
    """Mark a stage as in use, as long as this process lives; the mark is a file descriptor."""
    import fcntl  # not at the top: a student's own machine may not have it, and gets here never

    held = os.open(stage, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(held, fcntl.LOCK_EX)
    return held


def sweep() -> None:
    """Remove the stages of graders that were killed and could not do it themselves."""
    import fcntl

    for stage in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            held = os.open(stage, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            about = os.fstat(held)
            if about.st_uid == os.geteuid() and time.time() - about.st_mtime > SECONDS_TO_BE_HELD:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(stage, ignore_errors=True)
        except OSError:
            continue  # in use
        finally:
            os.close(held)


_template: tuple[int, Template] | None = None
_others: Path | None = None


def use_template(stage: Path) -> None:
    """Let this process take its kernels from a template process that another one has started."""
    global _others
    _others = stage


def shared_template() -> Template:
    """This process's template; a new one if it has died or belongs to the process that forked this one."""
    global _template, _others
    if _template and _template[0] == os.getpid() and _template[1].alive:
        return _template[1]
    close_template()
    stage, _others = _others, None  # one that has died is not asked again
    if stage and (stage / "control").exists():
        with contextlib.suppress(NoSandbox):
            _template = os.getpid(), Template(stage)
    if _template is None:
        _template = os.getpid(), Template()
    return _template[1]


@atexit.register
def close_template() -> None:
    """End this process's template, if it has one."""
    global _template
    if _template and _template[0] == os.getpid():
        _template[1].close()
    _template = None


class SandboxProvisioner(KernelProvisionerBase):
    """Starts each kernel in the sandbox.

    `start_kernel` takes, beside Jupyter's own arguments, `files` (name → bytes), `problems` and `limits`.
    """

    _template: Template | None = None
    _sockets: Path | None = None
    _ended: int | None = None
    broke = ""
    """The limit that the sandbox ended the kernel for: "memory", "processes" or ""."""
    _lost = False

    @property
    def lost(self) -> bool:
        """Whether the template died, through no fault of the kernel that is known."""
        return self._lost or (self._template is not None and not self._template.alive)

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel, alive or not yet waited for."""
        return self._template is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Take a template, and put the sockets where the client and the kernel both see them."""
        self._template = shared_template()
        self._template.served += 1
        self._sockets = self._template.stage / "sockets" / f"{os.getpid()}-{self._template.served}"
        self._sockets.mkdir()
        manager = self.parent
        manager.transport, manager.ip = "ipc", str(self._sockets / "s")
        manager.shell_port, manager.iopub_port, manager.stdin_port, manager.control_port, manager.hb_port = range(1, 6)
        self.connection_info = manager.get_connection_info()
        kwargs.pop("extra_arguments", None)
        prepared: dict[str, Any] = await super().pre_launch(cmd=[], **kwargs)
        return prepared

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel."""
        assert self._template is not None
        assert self._sockets is not None
        key = self.connection_info["key"]
        inside = {**self.connection_info, "key": key.decode()}
        files = {name: base64.b64encode(content).decode() for name, content in kwargs.get("files", {}).items()}
        limits = asdict(kwargs.get("limits", Limits()))
        order = {"files": files, "problems": kwargs.get("problems", {}), "limits": limits}
        order["under_tmp"] = bubblewrap.under_tmp()
        self._template.launch(inside, order, self._sockets.name)
        return self.connection_info

    async def poll(self) -> int | None:
        """None while the kernel lives, else its exit code; one that broke a limit is as good as dead."""
        code = self._listen()
        return 128 + signal.SIGKILL if code is None and self.broke else code

    def _listen(self) -> int | None:
        """What the template has to say by now; the exit code, once the kernel has ended."""
        if self._template is None:
            return 0
        while self._ended is None:
            try:
                message = self._template.receive(0.0)
            except LostTemplate:
                self._lost, self._ended = True, 1
            except NoSandbox:
                return None
            else:
                self.broke = message.get("broke", self.broke)
                self._ended = message.get("ended")
        return self._ended

    async def wait(self) -> int | None:
        """Wait for the kernel's end."""
        while (code := self._listen()) is None:
            await asyncio.sleep(0.005)
        self._template = None
        return code

    async def send_signal(self, signum: int) -> None:
        """Pass a signal on to the kernel."""
        if self._template is not None and self._ended is None:
            try:
                self._template.send({"signal": int(signum)})
            except NoSandbox:
                self._ended = 1

    async def kill(self, restart: bool = False) -> None:
        """End the kernel with every process it started; a template that does not manage it ends with them."""
        await self.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + SECONDS_TO_DIE
        while self._listen() is None:
            if time.monotonic() > deadline:
                close_template()
                self._ended = 1
            await asyncio.sleep(0.002)

    async def leave(self) -> None:
        """As `kill`, but it is not waited for here: who starts the next kernel does."""
        await self.send_signal(signal.SIGKILL)
        if self._template is not None and self._listen() is None:
            self._template.ending = True
        self._template = None

    async def terminate(self, restart: bool = False) -> None:
        """As `kill`: a kernel here has nothing to tidy."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's sockets."""
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
