"""A script: `downhill grade` with the sandbox's warm kernels and without the sandbox, to see what isolation costs.

It takes the words of `downhill grade`. For the bench's own submissions alone: nothing is isolated.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from autograder.bench import PREFIX
from autograder.cli import main
from autograder.errors import DownhillError
from autograder.sandbox import bubblewrap, provisioner
from autograder.sandbox.provisioner import TemplateProcess

BARE = Path(__file__).with_name("bare_inside.py")


def command(stage: Path) -> list[str]:
    """Instead of bubblewrap's: the template as an ordinary process, its kernels made by `bare_inside`."""
    shutil.copy(BARE, stage / "code" / "autograder" / "kernel" / "inside.py")
    problems = stage / "code" / "autograder" / "student" / "problems.json"
    problems.unlink()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(stage / "code"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(stage / "matplotlib"),
        "IPYTHONDIR": str(stage / "ipython"),
        "OMP_NUM_THREADS": "1",
        bubblewrap.STAGE: str(stage),
    }
    return ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]


class Bare(TemplateProcess):
    """The template process, which must have served to the end: workers would start others in its place, isolated."""

    def close(self) -> None:
        """End it.

        Raises:
            DownhillError: if it had ended by itself.
        """
        ended = self.process.poll() is not None
        said = (self.stage / "errors").read_text(errors="replace").strip()[-300:]
        super().close()
        if ended:
            raise DownhillError(f"the template without isolation had ended, so nothing is to be compared: {said}")


if __name__ == "__main__":
    if not any(folder.name.startswith(PREFIX) for folder in Path.cwd().parents):
        sys.exit(f"{Path.cwd()} is not one of the bench's own courses: use `downhill grade`, which isolates")
    bubblewrap.command = command
    provisioner.TemplateProcess = Bare  # type: ignore[misc]
    sys.argv[0] = "downhill"
    main()
