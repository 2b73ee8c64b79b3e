"""The bubblewrap command line: what of the machine is in sight inside.

Root and ordinary users get the same view. Root stays outside of a user namespace, so that the template can give
each kernel to `nobody`; an ordinary user is root of a user namespace that holds nothing else.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from functools import cache
from pathlib import Path

SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *(f"/usr/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec")),
    *(f"/usr/local/{name}" for name in ("bin", "lib", "lib64")),
    *(f"/usr/share/{name}" for name in ("fonts", "fontconfig", "zoneinfo", "locale", "terminfo")),
)  # not the whole of /usr: nbgrader's exchange, with everybody's submissions, is in /usr/local/share
PYTHON = ("bin", "lib", "lib64", "pyvenv.cfg")
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
STAGE = "DOWNHILL_STAGE"  # the variable by which every process inside can be known from outside
OURS = ("reference", "course", "autograder")
WORK, SOCKETS, PROBLEMS, CODE, HELD = "/work", "/sockets", "/problems", "/downhill", "/held"
HELP = (
    "Grading strangers' code needs bubblewrap (`sudo apt install bubblewrap`, Linux only) and a system that lets it "
    "make namespaces (in a container: allow user namespaces; under AppArmor: a profile for bwrap). To grade without "
    "isolation, with the rights of whoever grades, say `--isolation none`."
)


def command(stage: Path) -> list[str]:
    """The command that runs its further arguments inside.

    Args:
        stage: a folder with `code` (ours, read-only inside at /downhill) and `sockets` (shared with the client).
    """
    parts = ["bwrap", "--die-with-parent", "--new-session", "--unshare-net", "--unshare-pid", "--unshare-ipc"]
    parts += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "downhill", "--cap-add", "ALL", "--clearenv"]
    if os.geteuid() != 0:
        parts += ["--unshare-user", "--uid", "0", "--gid", "0"]
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            parts += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            parts += [*_above(path), "--ro-bind", str(path), str(path)]
    parts += ["--dir", "/etc"]
    for setting in SETTINGS:
        parts += ["--ro-bind-try", setting, setting]
    parts += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/run", "--dir", "/var"]
    for path in _pythons():
        parts += _above(path / "bin")
        for name in PYTHON:  # not the whole folder: it may hold a course too
            parts += ["--ro-bind-try", str(path / name), str(path / name)]
    for path in _ours_installed():
        parts += ["--tmpfs", str(path), "--remount-ro", str(path)]
    for empty in (WORK, PROBLEMS, *(f"{HELD}/{number}" for number in range(len(under_tmp())))):
        parts += ["--dir", empty]
    parts += ["--ro-bind", str(stage / "code"), CODE, "--bind", str(stage / "sockets"), SOCKETS]
    parts += ["--remount-ro", "/", "--remount-ro", "/dev"]  # an ordinary user's kernels have this user's rights there
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": WORK,
        "USER": "student",
        "LANG": "C.UTF-8",
        "PYTHONPATH": CODE,
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "IPYTHONDIR": "/tmp/ipython",
        "OMP_NUM_THREADS": "1",
        STAGE: str(stage),
    }
    kept = {name: os.environ[name] for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ}
    for name, value in {**environment, **kept}.items():
        parts += ["--setenv", name, value]
    return [*parts, "--chdir", "/", "--"]


@cache
def unavailable() -> str:
    """Why bubblewrap cannot be used here, found out by running it; "" where it can."""
    if sys.platform != "linux":
        return f"bubblewrap needs Linux; this is {sys.platform}. {HELP}"
    if not shutil.which("bwrap"):
        return f"bubblewrap is not installed. {HELP}"
    tried = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "--cap-add", "ALL"]
    tried += ["--uid", "0", "--gid", "0", "--proc", "/proc", "--"]
    # what is inside makes namespaces again; AppArmor may allow the first and forbid the second
    tried += ["unshare", "--user", "--mount", "--pid", "--fork", "true"] if shutil.which("unshare") else ["true"]
    try:
        done = subprocess.run(tried, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run here ({error}). {HELP}"
    return "" if done.returncode == 0 else f"bubblewrap does not run here ({done.stderr.strip()[:300]}). {HELP}"


def best_isolation() -> str:
    """ "bubblewrap" where it works, else "none": for code that one would run anyway, like one's own."""
    return "none" if unavailable() else "bubblewrap"


def under_tmp() -> list[str]:
    """The Pythons that lie under /tmp, which every kernel has for itself: they are held while it is replaced."""
    return [str(path) for path in _pythons() if path.is_relative_to("/tmp")]


def _above(path: Path) -> list[str]:
    """The folders above a path, made open to all; bubblewrap would make them for root alone."""
    return [part for above in reversed(path.parents[:-1]) for part in ("--dir", str(above))]


@cache
def _pythons() -> list[Path]:
    """The folders of this Python and its virtual environment that the system's folders do not hold already."""
    wanted = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix)} | {Path(sys.prefix)}
    return sorted(p for p in wanted if not any(p.is_relative_to(top) for top in SYSTEM))


def _ours_installed() -> list[Path]:
    """Our own packages where they lie in a folder that is in sight: the sandbox has `/downhill` instead."""
    seen = [*map(Path, SYSTEM), *(path / name for path in _pythons() for name in PYTHON)]
    folders = {Path(p).absolute() for p in [*site.getsitepackages(), *sys.path] if p}
    ours = {folder / name for folder in folders for name in OURS if (folder / name).is_dir()}
    return sorted(path for path in ours if any(path.is_relative_to(top) for top in seen))
