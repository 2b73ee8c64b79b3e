"""The doctor names what is missing and the command that mends it."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from autograder import doctor
from autograder.cli import app
from autograder.doctor import Finding, examine


def finding(name: str) -> Finding:
    (found,) = [finding for finding in examine() if finding.name == name]
    return found


def test_every_finding_that_is_wrong_has_a_command() -> None:
    found = examine()
    assert {"torch", "GPU", "jupyterlab", "nbgrader", "bubblewrap", "exchange folder", "Chromium"} <= {
        f.name for f in found
    }
    assert all(f.mend for f in found if f.ok is False)


@pytest.mark.parametrize(
    ("extension", "disabled"), [("@jupyter-widgets/jupyterlab-manager", True), ("@jupyter/nbgrader", False)]
)
def test_a_disabled_lab_extension_is_found(
    extension: str, disabled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    (tmp_path / "labconfig").mkdir()
    settings = {"disabledExtensions": {"@jupyter-widgets/jupyterlab-manager": True}}
    (tmp_path / "labconfig" / "page_config.json").write_text(json.dumps(settings))
    found = finding(f"JupyterLab extension {extension}")
    assert found.ok is not disabled
    if disabled:
        assert found.mend == f"jupyter labextension enable {extension}"


def test_a_missing_lab_extension_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda: [str(tmp_path)])
    found = finding("JupyterLab extension @jupyter-widgets/jupyterlab-manager")
    assert (found.ok, found.found) == (False, "not installed")
    assert "jupyterlab_widgets" in found.mend


def test_a_disabled_server_extension_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")  # else the virtual environment's own settings go first
    settings = {"ServerApp": {"jpserver_extensions": {"nbgrader.server_extensions.formgrader": False}}}
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps(settings))
    assert finding("server extension formgrader").ok is False
    assert finding("server extension course_list").ok is True


def test_an_exchange_that_cannot_be_written_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from nbgrader.exchange.default import Exchange

    monkeypatch.setattr(Exchange, "root", "/proc")
    found = finding("exchange folder")
    assert (found.ok, found.found.split(" cannot")[0]) == (False, "/proc")
    assert found.mend == "sudo mkdir -p /proc && sudo chmod ugo+rwx /proc"


def test_in_a_course_the_course_s_exchange_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.Exchange.root = '/proc'\n")
    monkeypatch.chdir(tmp_path)
    assert finding("exchange folder").mend == "sudo mkdir -p /proc && sudo chmod ugo+rwx /proc"


def test_no_bubblewrap_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert finding("bubblewrap") == Finding("bubblewrap", False, "not installed", "sudo apt install bubblewrap")


def test_a_bubblewrap_that_may_not_run_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = finding("bubblewrap")
    assert found.ok is False
    assert "No permissions to create new namespace" in found.found


@pytest.mark.skipif(torch.cuda.is_available(), reason="torch uses the GPU of this machine; nothing to find")
def test_a_gpu_that_torch_does_not_use_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_graphics_card", lambda: "NVIDIA H100")
    found = finding("GPU")
    assert found.ok is False
    assert "NVIDIA H100 is there, but this torch" in found.found
    assert found.mend.startswith("pip install")


def test_a_look_that_fails_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Finding]:
        raise subprocess.TimeoutExpired("nvidia-smi", 20)

    monkeypatch.setattr(doctor, "LOOKS", (broken, *doctor.LOOKS))
    first, *others = examine()
    assert (first.name, first.ok) == ("broken", False)
    assert len(others) > 8


def test_the_exit_code_says_whether_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOOKS", (lambda: [Finding("this", True, "there"), Finding("that", None, "no need")],))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0
    monkeypatch.setattr(doctor, "LOOKS", (lambda: [Finding("this", False, "gone", "pip install this")],))
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "pip install this" in result.output
