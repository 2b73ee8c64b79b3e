"""JupyterLab over a course, set up by one command."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app


@pytest.fixture
def course(tmp_path: Path) -> Path:
    assert CliRunner().invoke(app, ["new-course", str(tmp_path / "course")]).exit_code == 0
    return tmp_path / "course"


def test_a_new_course_has_an_exchange_that_everyone_may_write_to(course: Path) -> None:
    assert stat.S_IMODE((course / "exchange").stat().st_mode) == 0o777


def test_no_course_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["lab", "--course", str(tmp_path)])
    assert result.exit_code != 0
    assert "is not a course folder" in str(result.exception)


@pytest.mark.slow
def test_formgrader_is_in_reach(course: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from autograder.cli import main; main()", "lab", "--course", str(course)]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=secret"]
    with (tmp_path / "log").open("w") as log:
        lab = subprocess.Popen([*command, *options], stdout=log, stderr=log, start_new_session=True)
    try:
        lessons = answer(f"http://127.0.0.1:{port}/formgrader/api/assignments?token=secret")
    finally:
        os.killpg(lab.pid, signal.SIGINT)
        time.sleep(0.5)
        os.killpg(lab.pid, signal.SIGKILL)
        lab.wait()
    told = (tmp_path / "log").read_text()
    assert '"06_momentum"' in lessons, told
    assert f"Assignments travel through {course}/exchange" in told


def answer(url: str) -> str:
    """What the server says, once it is up."""
    for _ in range(120):
        try:
            with urllib.request.urlopen(url) as answered:
                return answered.read().decode()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    return ""
