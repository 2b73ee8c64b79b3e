"""Which way imports point, what enters the student's kernel, and what is not imported where every second counts."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED_IN_STUDENT = {"torch", "IPython", "sklearn", "autograder", "__future__", *sys.stdlib_module_names}
LAYERS = {  # what each part may import of ours
    "reference": {"reference"},
    "course/visuals": {"course"},
    "autograder/student": {"autograder.student"},
    "autograder/oracles": {"autograder.oracles", "autograder.student", "reference"},
    "autograder/feedback": {"autograder.feedback", "autograder.files", "autograder.verdict"},
    "autograder/place.py": {"autograder.oracles", "autograder.student", "autograder.verdict"},
    "autograder/compare.py": {"autograder.oracles", "autograder.place", "autograder.student", "autograder.verdict"},
    "autograder/judge.py": {
        "autograder.compare",
        "autograder.oracles",
        "autograder.place",
        "autograder.student",
        "autograder.verdict",
    },
    "autograder/verdict.py": set(),
    "autograder/files.py": set(),
    "autograder/cells.py": set(),
    "autograder/bindings.py": {"autograder.cells"},
    "autograder/tampering.py": {"autograder.bindings", "autograder.cells", "autograder.student"},
    "autograder/scan.py": {"autograder.bindings", "autograder.cells", "autograder.tampering"},
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def modules(part: str) -> list[Path]:
    path = ROOT / part
    return [path] if path.suffix else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("part", LAYERS)
def test_imports_point_one_way(part: str) -> None:
    assert modules(part)
    for path in modules(part):
        ours = {n for n in imported(path) if n.split(".")[0] in ("autograder", "reference", "course")}
        wrong = {n for n in ours if not any(n == a or n.startswith(f"{a}.") for a in LAYERS[part])}
        assert not wrong, path


def test_the_students_side_needs_nothing_but_torch_and_ipython() -> None:
    for path in modules("autograder/student"):
        assert {n.split(".")[0] for n in imported(path)} <= ALLOWED_IN_STUDENT, path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "spared"),
    [
        (  # the process that grades, to its last page
            "from autograder import cli; from autograder.pipeline import class_report, enter, export, grade, ledger",
            "torch",
        ),
        (  # a worker, when it has judged an optimizer and found where a mistake lies
            "from autograder.pipeline import preload; from autograder.judge import gather_form, judge; "
            "assert judge('Momentum', gather_form('Momentum', 'state_lost_on_load', 1), 1).where; "
            "assert judge('train', gather_form('train', None, 1), 1).kind == 'correct'",
            "torch._dynamo sympy",
        ),
        (  # a kernel in which a student compares with torch
            "from autograder.student.uncompiled import spare_the_compiler; spare_the_compiler(); import torch; "
            "p = torch.ones(2, requires_grad=True); kinds = torch.optim.SGD, torch.optim.RMSprop, torch.optim.AdamW; "
            "[(p.sum().backward(), kind([p], lr=0.1).step()) for kind in kinds]",
            "torch._dynamo sympy",
        ),
    ],
)
def test_what_takes_seconds_to_import_is_not_imported(program: str, spared: str) -> None:
    told = f"{program}; import sys; print([name for name in {spared.split()} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_record_can_be_read_where_there_is_no_torch() -> None:
    from autograder.pipeline.records import versions

    assert {type(version) for version in versions().values()} == {str}  # torch's own class would bring torch along
