"""One class of nothing but attackers and two honest neighbours, graded in the real sandbox, seen from outside."""

import hashlib
import json
import os
import re
import shutil
import socket
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from autograder.demo.play import LESSON, SUBMISSIONS, hand_in
from autograder.pipeline.grade import Graded, api_for, grade, new_course
from autograder.sandbox import bubblewrap

ATTACKS = sorted((Path(__file__).parent.parent / "attacks" / "on_the_machine").glob("*.ipynb"))
LIMITS = """
c.Run.timeout = 12
c.Run.notebook_seconds = 24
c.Run.output_bytes = 300_000
c.Run.memory_bytes = 1_800_000_000
c.Run.file_bytes = 50_000_000
"""
KINDS = {  # what the first exercise's verdict is, by its own words, where a limit was broken
    "fork_bomb": ("processes", "started more processes"),
    "memory_bomb": ("memory", "took more memory than the limit"),
    "memory_bomb_alone": ("memory", "the memory for a submission was used up"),
    "ten_gigabyte_file": ("files", "the limit on files was reached"),
    "million_files": ("files", "the limit on files was reached"),
    "large_output_in_one_line": ("output", "put out more than the limit"),
    "million_outputs": ("output", "put out more than the limit"),
    "deaf_in_every_way": ("time", "took longer than the limit"),
    "forges_unreadable_messages": ("no_evidence", "no Jupyter message"),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(bubblewrap.unavailable()), reason=bubblewrap.unavailable() or "bubblewrap works"),
]


@dataclass
class Outcome:
    """What can be seen after the class was graded."""

    root: Path
    rows: dict[str, Graded]
    changed: list[str]
    reached: list[str]
    left_files: list[str]
    left_processes: list[int]

    def printed(self, student: str) -> str:
        """What the attack's cell printed, or the error it ended in."""
        path = self.root / "autograded" / student / LESSON / f"{LESSON}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        attack = next(c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == "momentum_step")
        return "".join(o.get("text") or f"{o.get('ename')}: {o.get('evalue')}" for o in attack.outputs)

    def verdict(self, student: str) -> dict[str, str]:
        """The record of the first exercise."""
        record = json.loads((self.root / ".downhill" / "records" / LESSON / f"{student}.json").read_text())
        found: dict[str, str] = record["verdicts"]["momentum_step"]
        return found


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    root = tmp_path_factory.mktemp("attacked") / "course"
    course = new_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(LIMITS)
    assert api_for(root).generate_assignment(LESSON)["success"]
    for name in ("ada", "dmitri"):
        hand_in(root, course.released(LESSON), SUBMISSIONS / f"{name}.py")
    canary = Path.home() / f".downhill-canary-{os.getpid()}"
    canary.write_text("untouched")
    temporary = tempfile.mkdtemp(prefix="t")  # short: the path of a socket may have about a hundred characters
    with (
        socket.create_server(("0.0.0.0", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as abstract,
        pytest.MonkeyPatch.context() as patch,
    ):
        udp.bind(("0.0.0.0", 0))
        abstract.bind(f"\0downhill-{os.getpid()}")
        abstract.listen()
        for listener in (tcp, udp, abstract):
            listener.setblocking(False)
        ports = {"tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1], "abstract": f"downhill-{os.getpid()}"}
        ports["address"] = socket.gethostbyname(socket.gethostname())
        for attack in [*ATTACKS, Path("zip_bomb"), Path("zz_found_again")]:
            prepare(root, attack.stem, ports)
        patch.setenv("TMPDIR", temporary)
        patch.setenv("DOWNHILL_TEST_SECRET", "secret")
        before = hashes(root, canary)
        report = grade(LESSON, course, workers=2)
        after = hashes(root, canary)
        left = [name for name in os.listdir(temporary) if not name.startswith("torchinductor")]  # torch's own
        changed = [name for name in before if before[name] != after.get(name)]
        yield Outcome(
            root,
            {r.student: r for r in report.students},
            changed,
            heard(tcp, udp, abstract),
            left,
            inside_of(temporary),
        )
    canary.unlink()
    shutil.rmtree(temporary)


def prepare(root: Path, name: str, ports: dict[str, object]) -> None:
    """Hand in one attack."""
    folder = root / "submitted" / name / LESSON
    folder.mkdir(parents=True)
    by_name = {attack.stem: attack for attack in ATTACKS}
    taken = by_name.get({"zip_bomb": "links_in_its_folder", "zz_found_again": "finds_what_was_left"}.get(name, name))
    assert taken is not None
    notebook = taken.read_bytes()
    if name == "zip_bomb":
        with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{LESSON}.ipynb", notebook)
            archive.writestr("/tmp/downhill-absolute", "x")
            archive.writestr(f"../../ada/{LESSON}/{LESSON}.ipynb", notebook)
            archive.writestr("..\\..\\windows.txt", "x")
            link = zipfile.ZipInfo("link")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
            archive.writestr("zeros", bytes(80_000_000))
        return
    (folder / f"{LESSON}.ipynb").write_bytes(notebook)
    if name == "opens_sockets":
        (folder / "ports.json").write_text(json.dumps(ports))
    if name == "links_in_its_folder":
        (folder / "passwd").symlink_to("/etc/passwd")
        (folder / "outside").symlink_to(root)
        (folder / "up").symlink_to("../../ada")
        (folder / "hard.db").hardlink_to(root / "gradebook.db")
        (folder / "plain.txt").write_text("mine")


def hashes(root: Path, canary: Path) -> dict[str, str]:
    """Of everything that grading must leave alone."""
    files = [canary, root / "nbgrader_config.py", root / ".downhill" / "secret"]
    files += [p for top in ("source", "release") for p in root.glob(f"{top}/**/*") if p.is_file()]
    files += root.glob("submitted/*/*/*.ipynb")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def heard(*listeners: socket.socket) -> list[str]:
    """Which listeners were spoken to."""
    found = []
    for listener in listeners:
        try:
            listener.recv(1) if listener.type == socket.SOCK_DGRAM else listener.accept()[0].close()
            found.append(str(listener.getsockname()))
        except BlockingIOError:
            continue
    return found


def inside_of(stages: str) -> list[int]:
    """The processes in sandboxes whose stage is in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and f"{bubblewrap.STAGE}={stages}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.mark.timeout(300)
def test_nobody_gains_a_point_and_nobody_stops_the_batch(outcome: Outcome) -> None:
    points = {name: row.points for name, row in outcome.rows.items()}
    honest = {"ada": 8.0, "dmitri": 5.0}
    assert points == {name: honest.get(name, 0.0) for name in points}
    assert points.keys() == honest.keys() | {attack.stem for attack in ATTACKS} | {"zip_bomb", "zz_found_again"}
    assert {name: row.problem for name, row in outcome.rows.items() if row.problem} == {}


def test_the_machine_is_as_it_was(outcome: Outcome) -> None:
    assert outcome.changed == []
    assert outcome.reached == []
    assert outcome.left_files == []
    assert outcome.left_processes == []
    assert not Path("/tmp/downhill-absolute").exists()


@pytest.mark.parametrize("attack", KINDS)
def test_a_broken_limit_has_its_own_words(outcome: Outcome, attack: str) -> None:
    kind, words = KINDS[attack]
    found = outcome.verdict(attack)
    assert words in found["detail"] or words in found["kind"], found
    assert found["kind"] == kind, found


@pytest.mark.parametrize(
    ("attack", "printed"),
    [
        ("writes_the_templates_memory", "tried\n"),
        ("reads_what_is_not_its_own", "files []\nenvironment []\nprocesses []\n"),
        ("memory_without_a_process", "tried\n"),
        ("signals_to_its_parent", "tried\n"),
        ("finds_what_was_left", "found []\n"),
        ("zz_found_again", "found []\n"),
        ("links_in_its_folder", "['/work/plain.txt']\n"),
    ],
)
def test_it_reaches_nothing(outcome: Outcome, attack: str, printed: str) -> None:
    assert outcome.printed(attack) == printed


def test_it_writes_nowhere_but_in_its_own_folders(outcome: Outcome) -> None:
    wrote, *devices = outcome.printed("writes_everywhere").splitlines()
    assert set(re.findall(r"'(.*?)'", wrote)) <= {"/work", "/tmp", "/dev/shm", "/tmp/matplotlib", "/tmp/ipython"}
    assert all(line.endswith("False") for line in devices)


def test_it_opens_no_socket_outside(outcome: Outcome) -> None:
    told = outcome.printed("opens_sockets")
    assert "reached" not in told
    assert {int(n) for n in re.findall(r"family (\d+)", told)} <= {1, 2, 10, 16}


def test_what_was_wrong_with_a_folder_or_a_zip_is_told(outcome: Outcome) -> None:
    linked = " ".join(outcome.rows["links_in_its_folder"].notes)
    assert "the link passwd was removed" in linked
    assert "hard.db is a hard link" in linked
    zipped = " ".join(outcome.rows["zip_bomb"].notes)
    for words in ("all.zip was unpacked", "leads out of the folder", "no ordinary file", "more than 50000000 bytes"):
        assert words in zipped
