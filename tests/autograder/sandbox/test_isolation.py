"""What a student's code can reach from inside the sandbox: asked by running it there, told by what it prints."""

import os
import platform
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.pipeline.run import Ran, run
from autograder.sandbox import bubblewrap, provisioner
from autograder.sandbox.limits import Limits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(bubblewrap.unavailable()), reason=bubblewrap.unavailable() or "bubblewrap works"),
]


def inside(*sources: str, files: dict[str, bytes] | None = None, **limits: int) -> Ran:
    """Run cells in the sandbox."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    return run(notebook, {}, Limits(**{"cell_seconds": 20, "notebook_seconds": 60, **limits}), files or {})


def told(ran: Ran, cell: int = -1) -> str:
    """What a cell printed, or the error it ended in."""
    outputs = ran.notebook.cells[cell].outputs
    return "".join(o.text if o.output_type == "stream" else f"{o.get('ename')}: {o.get('evalue')}" for o in outputs)


@pytest.fixture
def neighbour() -> Iterator[int]:
    """A TCP server on this machine; whatever connects is counted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept(), daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_the_submissions_own_files_are_there() -> None:
    ran = inside("import os; print(os.getcwd(), open('data/a.txt').read())", files={"data/a.txt": b"hello"})
    assert told(ran) == "/work hello\n"


def test_the_machine_is_out_of_sight(tmp_path: Path) -> None:
    secret = tmp_path / "gradebook.db"
    secret.write_text("secret")
    home = Path.home() / f".downhill-test-{os.getpid()}"
    home.write_text("secret")
    try:
        for path in (
            secret,
            home,
            Path("/etc/shadow"),
            Path("/etc/hostname"),
            Path(__file__),
            Path("/usr/local/share"),
        ):
            assert path.exists()
            assert told(inside(f"print(open({str(path)!r}).read())")).startswith("FileNotFoundError"), path
    finally:
        home.unlink()


def test_nothing_of_ours_but_the_students_side_can_be_imported() -> None:
    for module in ("reference", "autograder.oracles", "autograder.judge", "autograder.practice", "course.source"):
        assert told(inside(f"import {module}")).startswith("ModuleNotFoundError"), module
    ran = inside("import autograder.student.check, course.visuals; print('there')")
    assert told(ran) == "there\n"


def test_no_answer_lies_in_the_file_system() -> None:
    look = (
        "import os\nfound = []\nfor root, _, names in os.walk('/'):\n"
        "    if root.startswith(('/proc', '/sys')) or '/nbgrader/tests/' in root: continue\n"
        "    found += [os.path.join(root, n) for n in names if n in ('judge.py', 'momentum_step.py', 'gradebook.db')\n"
        "              or n.endswith('06_momentum.ipynb') or '/oracles' in root or '/reference/optimizers' in root]\n"
        "print(found)"
    )
    assert told(inside(look)) == "[]\n"


def test_the_environment_holds_nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOWNHILL_TEST_SECRET", "secret")
    assert told(inside("import os; print('DOWNHILL_TEST_SECRET' in os.environ, os.environ['HOME'])")) == "False /work\n"


def test_no_network(neighbour: int) -> None:
    tcp = f"import socket; socket.create_connection(('127.0.0.1', {neighbour}), 3)"
    assert told(inside(tcp)).startswith(("ConnectionRefusedError", "OSError"))
    udp = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('8.8.8.8', 53))"
    assert told(inside(udp)).startswith("OSError")
    assert (
        told(inside("import os; print(os.listdir('/sys/class/net') if os.path.exists('/sys') else ['lo'])"))
        == "['lo']\n"
    )


def test_no_process_but_its_own_and_the_template_out_of_reach() -> None:
    ran = inside("import os; print(os.getpid(), sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))")
    assert told(ran) == "1 [1]\n"
    inside("import os, signal\nfor process in (-1, os.getppid()): os.kill(process, signal.SIGKILL)")
    assert provisioner.shared_template().alive


def test_it_is_nobody_and_can_become_no_one_else() -> None:
    caps = "print([line for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapBnd', 'NoNewPrivs'))])"
    ran = inside(caps)
    assert "CapEff:\\t0000000000000000" in told(ran)
    assert "CapBnd:\\t0000000000000000" in told(ran)
    assert "NoNewPrivs:\\t1" in told(ran)
    for call in (29, 64, 250, 319) if platform.machine() == "x86_64" else ():
        assert told(inside(f"import ctypes; print(ctypes.CDLL(None).syscall({call}, 0, 0, 0))")) == "-1\n", call
    vsock = "import socket; socket.socket(40, socket.SOCK_STREAM)"
    assert told(inside(vsock)).startswith("OSError: [Errno 97]")
    unshare = "import ctypes; print(ctypes.CDLL(None, use_errno=True).unshare(0x10000000))"
    assert told(inside(unshare)) == "-1\n"


@pytest.mark.parametrize(
    "folder", ["/", "/usr", "/etc", "/downhill", "/sockets", "/problems", "/dev", "/held", "/usr/local/bin"]
)
def test_the_system_is_read_only(folder: str) -> None:
    assert told(inside(f"open({folder + '/mark'!r}, 'w')")).startswith(
        ("OSError", "PermissionError", "FileNotFoundError")
    )


def test_nothing_survives_from_one_submission_to_the_next() -> None:
    leave = """
import os, socket, subprocess, sys, threading, builtins, torch, random
for folder in ("/work", "/tmp", "/dev/shm"):
    open(folder + "/left", "w").write("left")
abstract = socket.socket(socket.AF_UNIX); abstract.bind("\\0left"); abstract.listen()
subprocess.Popen(["sleep", "600"], start_new_session=True)
threading.Thread(target=lambda: __import__("time").sleep(600), daemon=True).start()
builtins.left = sys.left = torch.left = "left"
torch.randn = None
print(torch.initial_seed(), random.random())
"""
    look = """
import os, socket, sys, threading, builtins, torch, random
print([f for f in ("/work", "/tmp", "/dev/shm") if os.path.exists(f + "/left")])
abstract = socket.socket(socket.AF_UNIX)
print(abstract.connect_ex("\\0left") != 0)
print(sorted(p for p in os.listdir("/proc") if p.isdigit()))
print(hasattr(builtins, "left"), hasattr(sys, "left"), hasattr(torch, "left"), torch.randn is None)
print(torch.initial_seed(), random.random())
"""
    first = told(inside(leave)).split()
    *found, numbers = told(inside(look)).splitlines()
    assert found == ["[]", "True", "['1']", "False False False False"]
    assert set(numbers.split()).isdisjoint(first)


def test_a_template_that_was_killed_is_replaced() -> None:
    provisioner.shared_template().process.kill()
    assert told(inside("print(1 + 1)")) == "2\n"


def test_a_package_that_is_not_there_is_a_plain_error() -> None:
    assert told(inside("import no_such_package")) == "ModuleNotFoundError: No module named 'no_such_package'"


def test_memory_is_limited() -> None:
    ran = inside("import torch; torch.zeros(2**31, dtype=torch.float64)", "print('goes on')", memory_bytes=3 * 2**30)
    assert told(ran, 0).startswith("RuntimeError")
    assert told(ran, 1) == "goes on\n"


def test_one_file_is_limited() -> None:
    write = "with open('/tmp/large', 'wb') as f:\n    for _ in range(64): f.write(bytes(2**20))"
    assert told(inside(write, file_bytes=16 * 2**20)).startswith("OSError")


def test_processes_are_limited_and_none_is_left() -> None:
    bomb = "import os, time\nwhile True:\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)"
    stage = provisioner.shared_template().stage
    assert inside(bomb, processes=40).stopped == "processes"
    assert len(inside_of(stage)) == WITHOUT_A_KERNEL
    assert provisioner.shared_template().stage == stage


WITHOUT_A_KERNEL = 2  # the template and our server; bubblewrap's own two processes lack what it sets in the environment


def inside_of(stage: Path) -> list[str]:
    """The processes in a sandbox, wherever they were started and whoever runs tests beside this one."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if (
                process.name.isdigit()
                and f"{bubblewrap.STAGE}={stage}\0".encode() in (process / "environ").read_bytes()
            ):
                found.append(process.name)
        except OSError:
            continue  # it has ended
    return found


def test_memory_of_all_processes_together_is_limited() -> None:
    bomb = "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        x = b'x' * (150 * 2**20)\n"
    ran = inside(bomb + "        time.sleep(60)\ntime.sleep(60)", memory_bytes=1_800_000_000)
    assert ran.stopped == "memory"


def test_memory_of_other_programs_is_limited() -> None:
    grow = "x = b'x' * (140 * 2**20); import time; time.sleep(60)"
    bomb = f"import subprocess, sys, time\nfor _ in range(16): subprocess.Popen([sys.executable, '-SEc', {grow!r}])\n"
    assert inside(bomb + "time.sleep(60)", memory_bytes=1_800_000_000).stopped == "memory"


def test_memory_of_a_process_whose_first_thread_has_ended_is_limited() -> None:
    bomb = """
import ctypes, os, threading, time
def grow():
    time.sleep(0.2)  # until then the first thread has ended
    x = b"x" * (140 * 2**20)
    time.sleep(60)
for _ in range(16):
    if os.fork() == 0:
        threading.Thread(target=grow).start()
        ctypes.CDLL(None).pthread_exit(None)
time.sleep(60)
"""
    assert inside(bomb, memory_bytes=1_800_000_000).stopped == "memory"


def test_output_is_cut_while_it_streams() -> None:
    ran = inside("while True: print('x' * 1000)", "1", output_bytes=100_000, cell_seconds=60)
    assert ran.stopped == "output"
    assert ran.seconds < 30
    assert len(told(ran, 0)) < 100_000


def test_what_was_put_out_before_a_kernel_is_killed_is_kept() -> None:
    deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('begun')\nwhile True: pass"
    ran = inside(deaf, cell_seconds=1)
    assert (ran.stopped, told(ran)) == ("time", "begun\n")


def test_an_interrupt_leaves_messages_whole() -> None:
    ran = inside("while True: display(1)", "print('goes on')", cell_seconds=1, output_bytes=100_000_000)
    assert (ran.stopped, ran.slow_cells, told(ran)) == ("", (0,), "goes on\n")


def test_an_interrupt_that_comes_to_another_thread_leaves_messages_whole() -> None:
    often = """
import os, signal, threading, time
shows = done = False
def interrupt():
    global shows
    while not done:
        if shows:
            time.sleep(0.003)
            shows = False
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)
threading.Thread(target=interrupt).start()
for _ in range(200):
    try:
        shows = True
        while True: display(1)
    except KeyboardInterrupt: pass
done = True
"""
    ran = inside(often, "print('goes on')", output_bytes=100_000_000)
    assert (ran.stopped, told(ran)) == ("", "goes on\n")


def test_threads_put_out_and_a_forked_process_does_not() -> None:
    threads = """
from threading import Thread
threads = [Thread(target=lambda: [print("x", flush=True) for _ in range(50)]) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    fork = "import os\nchild = os.fork()\nprint('mine' if child else 'its')\nif not child: os._exit(0)"
    ran = inside(threads, fork, "print('goes on')")
    assert told(ran, 0).split() == ["x"] * 400
    assert [told(ran, cell) for cell in (1, 2)] == ["mine\n", "goes on\n"]


def test_the_limit_for_the_notebook_is_told_from_that_for_a_cell() -> None:
    wait = "import time; time.sleep(2)"
    ran = inside(wait, wait, wait, cell_seconds=30, notebook_seconds=3)
    assert (ran.stopped, ran.at) == ("notebook time", 1)


def test_messages_that_are_none_end_the_run() -> None:
    forge = "get_ipython().kernel.session.send(get_ipython().kernel.iopub_socket, 'status', {}, parent=%s)"
    assert inside(forge % "get_ipython().kernel.get_parent()", "1").stopped == "messages"


def test_no_byte_of_a_submission_stays_in_the_template() -> None:
    mark = b"of-another-submission"
    look = """
import base64, ctypes
mark = base64.b64encode(bytes(c ^ 1 for c in MIRRORED))
found = 0
for line in open("/proc/self/maps"):
    place, rights, *_, name = [*line.split(), ""] if len(line.split()) < 6 else line.split()
    if rights[0] == "r" and not name.startswith(("/", "[v")):
        start, end = (int(part, 16) for part in place.split("-"))
        found += ctypes.string_at(start, end - start).count(mark[:-4])
print(found)
"""
    mirrored = f"MIRRORED = {bytes(c ^ 1 for c in mark)!r}\n"
    mine = int(told(inside(mirrored + look, files={"a": mark * 300})))
    others = int(told(inside(mirrored + look)))
    assert mine > 100 > 10 > others  # its own it may see, and what it looks for stands a few times in its own memory


def test_a_template_that_is_killed_in_mid_run_is_replaced_and_the_run_made_again() -> None:
    stage = provisioner.shared_template().stage
    killer = threading.Timer(1.0, provisioner.shared_template().process.kill)
    killer.start()
    ran = inside("import time; time.sleep(3)", "print(1 + 1)")
    killer.join()
    assert told(ran) == "2\n"
    assert provisioner.shared_template().stage != stage
    assert not stage.exists()


def test_what_a_killed_grader_left_is_swept_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provisioner.tempfile, "gettempdir", lambda: str(tmp_path))
    left, held, young = (tmp_path / f"{provisioner.PREFIX}{name}" for name in ("left", "held", "young"))
    for stage in (left, held, young):
        (stage / "sockets").mkdir(parents=True)
    for stage in (left, held):
        os.utime(stage, (0, 0))
    mark = provisioner.hold(held)
    provisioner.sweep()
    os.close(mark)
    assert sorted(tmp_path.iterdir()) == sorted([held, young])


def test_the_list_of_fonts_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fontlist-v1.json").write_text("{}")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    template = provisioner.TemplateProcess()
    try:
        assert (template.stage / "code" / "autograder" / "kernel" / "fonts" / "fontlist-v1.json").is_file()
    finally:
        template.close()


def test_no_stage_is_left_behind_when_the_template_closes() -> None:
    inside("1")
    stage = provisioner.shared_template().stage
    assert list((stage / "sockets").iterdir()) == []
    provisioner.close_template()
    assert not stage.exists()


def test_bubblewrap_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    bubblewrap.unavailable.cache_clear()
    try:
        assert bubblewrap.unavailable().startswith("bubblewrap is not installed. ")
        assert "--isolation none" in bubblewrap.unavailable()
    finally:
        bubblewrap.unavailable.cache_clear()


def test_the_notebook_is_nbformats() -> None:
    nbformat.validate(inside("print(1)").notebook)
