"""JupyterLab on loopback, and the system's Chromium in front of it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlparse

import pytest
from lab import Lab, Watched
from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # a test finds cells that are out of sight, too
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
WAIT = 30_000  # milliseconds: the machine may be busy with other tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(480))
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="needs Chromium (apt install chromium)"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module's tests: playwright keeps an event loop running, which other tests would find."""
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def watched(browser: Browser, tmp_path: Path) -> Iterator[Watched]:
    """A page in a new profile. What it asks of any other machine is refused and noted; its last sight is kept."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(WAIT)
    page = context.new_page()
    seen = Watched(page)
    context.on("console", lambda message: seen.console.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: seen.errors.append(str(error.error)))

    def dismiss(dialog: object) -> None:
        seen.dialogs.append(str(dialog))
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", dismiss)

    def local(url: str) -> bool:
        return urlparse(url).hostname in ("127.0.0.1", None)

    def refuse(route: object) -> None:
        seen.elsewhere.append(route.request.url)  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    context.route(lambda url: not local(url), refuse)
    yield seen
    page.screenshot(path=tmp_path / "last.png")
    context.close()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Lab]]:
    """Start JupyterLab over a folder."""
    running: list[subprocess.Popen[bytes]] = []

    def start(root: Path) -> Lab:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        home = tmp_path_factory.mktemp("home")
        for name, setting in SETTINGS.items():
            file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(setting))
        lab = Lab(root, port, secrets.token_hex(16))
        bin_folder = Path(sys.executable).parent
        places = {"HOME": home, "JUPYTER_CONFIG_DIR": home / "config", "JUPYTER_DATA_DIR": home / "data"}
        places["JUPYTERLAB_SETTINGS_DIR"] = home / "settings"
        env = os.environ | {name: str(place) for name, place in places.items()}
        env |= {"JUPYTER_TOKEN": lab.token, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
        words = [bin_folder / "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
        words += [f"--ServerApp.root_dir={root}"]
        with (home / "lab.log").open("wb") as log:
            running.append(subprocess.Popen(words, cwd=root, env=env, stdout=log, stderr=log))
        for _ in range(240):
            try:
                with urllib.request.urlopen(lab.url("api"), timeout=5):
                    return lab
            except OSError:
                time.sleep(0.5)
        raise AssertionError((home / "lab.log").read_text()[-3000:])

    yield start
    for process in running:
        process.terminate()
        process.wait(30)
