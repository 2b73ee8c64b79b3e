"""`downhill doctor`: is everything there that the course and the grader need, and what mends it if not."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `ok` is None where it is not needed on every machine and is not there."""

    name: str
    ok: bool | None
    found: str
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything. A look that fails is a finding, never an error."""
    findings: list[Finding] = []
    for look in LOOKS:
        try:
            findings += look()
        except Exception as error:  # one broken package must not hide the others
            name = look.__name__.strip("_").replace("_", " ")
            findings.append(Finding(name, False, f"{type(error).__name__}: {error}", "pip install -U downhill-course"))
    return findings


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _torch() -> Iterator[Finding]:
    import torch

    yield Finding("torch", True, torch.__version__)
    card = _graphics_card()
    if torch.cuda.is_available():
        yield Finding("GPU", True, torch.cuda.get_device_name())
    elif card:
        build = "for the CPU alone" if torch.version.cuda is None else f"for CUDA {torch.version.cuda}"
        yield Finding(
            "GPU",
            False,
            f"{card} is there, but this torch (built {build}) does not use it",
            "pip install -U torch  (see https://pytorch.org/get-started for the build that fits your driver)",
        )
    else:
        yield Finding("GPU", None, "none; everything runs on the CPU")


def _jupyter() -> Iterator[Finding]:
    for package in ("jupyterlab", "nbgrader", "ipywidgets", "ipykernel"):
        try:
            yield Finding(package, True, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(package, False, "not installed", f"pip install {package}")


def _extensions() -> Iterator[Finding]:
    labs = _lab_extensions()
    for extension, package in {
        "@jupyter/nbgrader": "nbgrader",
        "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
    }.items():
        name = f"JupyterLab extension {extension}"
        if extension not in labs:
            yield Finding(name, False, "not installed", f"pip install --force-reinstall --no-deps {package}")
        else:
            enabled = labs[extension]
            mend = "" if enabled else f"jupyter labextension enable {extension}"
            yield Finding(name, enabled, "enabled" if enabled else "disabled", mend)
    from jupyter_server.extension.config import ExtensionConfigManager

    servers: dict[str, bool] = {}
    for folder in _config_folders():
        manager = ExtensionConfigManager(read_config_path=[str(folder)])
        found = manager.get_jpserver_extensions()  # type: ignore[no-untyped-call]
        servers = {**found, **servers}
    for part in ("formgrader", "assignment_list", "course_list", "validate_assignment"):
        module = f"nbgrader.server_extensions.{part}"
        enabled = servers.get(module, False)
        mend = f"jupyter server extension enable {module} --sys-prefix"
        yield Finding(f"server extension {part}", enabled, "enabled" if enabled else "disabled", mend)


def _exchange() -> Iterator[Finding]:
    from nbgrader.exchange.default import Exchange

    from autograder.pipeline.setup import load_config

    if os.name != "posix":
        yield Finding("exchange folder", None, "nbgrader's exchange needs Linux or macOS; hand files over another way")
        return
    here = Path("nbgrader_config.py").is_file()  # in a course the course's own exchange counts
    folder = Path(Exchange(config=load_config(Path.cwd()) if here else None).root)
    make = f"sudo mkdir -p {folder} && sudo chmod ugo+rwx {folder}"
    if not folder.is_dir():
        found = f"{folder} does not exist; only a course on one shared machine needs it"
        yield Finding("exchange folder", None, found, make)
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            yield Finding("exchange folder", True, str(folder))
    except OSError as error:
        yield Finding("exchange folder", False, f"{folder} cannot be written ({error.strerror})", make)


def _sandbox() -> Iterator[Finding]:
    if sys.platform != "linux":
        yield Finding("bubblewrap", None, "grading strangers' code safely needs Linux; learning and practice do not")
        return
    bwrap = shutil.which("bwrap")
    if not bwrap:
        yield Finding("bubblewrap", False, "not installed", "sudo apt install bubblewrap")
        return
    tried = subprocess.run(
        [bwrap, "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"],
        capture_output=True,
        text=True,
        timeout=20,
    )
    if tried.returncode == 0:
        yield Finding("bubblewrap", True, "works")
        return
    said = tried.stderr.strip()[:200]
    mend = "allow user namespaces: sudo sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile for bwrap"
    yield Finding("bubblewrap", False, f"installed, but it cannot run here: {said}", mend)


def _chromium() -> Iterator[Finding]:
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), "")
    yield Finding("Chromium", True if found else None, found or "none; only the kit's own browser tests need it")


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _torch,
    _jupyter,
    _extensions,
    _exchange,
    _sandbox,
    _chromium,
)


def _graphics_card() -> str:
    """The NVIDIA card that the driver knows, or ""."""
    smi = shutil.which("nvidia-smi")
    if not smi:
        return ""
    asked = subprocess.run(
        [smi, "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, timeout=20
    )
    return asked.stdout.splitlines()[0].strip() if asked.returncode == 0 and asked.stdout.strip() else ""


def _lab_extensions() -> dict[str, bool]:
    """JupyterLab's installed extensions by name, and whether each is enabled."""
    from jupyter_core.paths import jupyter_path

    installed = {}
    for root in reversed([Path(path) / "labextensions" for path in jupyter_path()]):
        for description in [*root.glob("*/package.json"), *root.glob("@*/*/package.json")]:
            installed[json.loads(description.read_text())["name"]] = True
    for folder in reversed(_config_folders()):
        for settings in (folder / "labconfig" / "page_config.json", folder / "page_config.json"):
            if settings.is_file():
                disabled = json.loads(settings.read_text()).get("disabledExtensions", {})
                off = dict.fromkeys(disabled, True) if isinstance(disabled, list) else disabled
                installed = {name: not off.get(name, not on) for name, on in installed.items()}
    return installed


def _config_folders() -> list[Path]:
    from jupyter_core.paths import jupyter_config_path

    return [Path(path) for path in jupyter_config_path()]
