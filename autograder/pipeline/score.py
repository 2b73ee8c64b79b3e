"""A notebook that ran, and the seed of its problems: one verdict for every exercise, and clean outputs."""

from __future__ import annotations

import re
from dataclasses import replace

from nbformat import NotebookNode

from autograder.feedback import words
from autograder.feedback.pictures import Picture, draw
from autograder.feedback.traces import own_frames, without_paths
from autograder.judge import judge
from autograder.oracles import Exercise
from autograder.pipeline.nodes import new_output
from autograder.pipeline.run import Ran
from autograder.scan import Cell, find_shortcut, find_tampering, find_unread
from autograder.sections import section_of
from autograder.student.evidence import MIME, BadEvidence, Evidence
from autograder.verdict import Verdict

OPENS_A_TAG = re.compile(r"<(?=[a-zA-Z/!?])")  # nbgrader's pages pass Markdown's HTML through
MAX_TEXT = 20_000
MAX_IMAGE = 400_000


def verdicts(
    ran: Ran,
    exercises: tuple[Exercise, ...],
    seed: int,
    unreadable: str = "",
    likely: dict[str, str] | None = None,
) -> dict[str, Verdict]:
    """The verdict on every exercise of a lesson; fails closed.

    Args:
        ran: the notebook with what its kernel wrote.
        exercises: the lesson's exercises.
        seed: the seed that the problems were drawn from.
        unreadable: why the submission is no notebook, if it is none.
        likely: by exercise, the form that it matched before; it saves time and changes nothing.
    """
    if unreadable:
        return {e.name: Verdict(e.name, "no_evidence", 0.0, detail=unreadable) for e in exercises}
    cells = [Cell(f"cell {n}", cell.source) for n, cell in enumerate(ran.notebook.cells, 1) if cell.cell_type == "code"]
    tampering = find_tampering(cells)
    found, missing, limit = {}, _missing_package(ran), _broken_limit(ran)
    for exercise in exercises:
        verdict = _verdict(ran, exercise, seed, (likely or {}).get(exercise.name, ""))
        if verdict.kind == "no_evidence" and missing:
            verdict = replace(verdict, detail=f"{missing}; {verdict.detail}")
        elif verdict.kind == "no_evidence" and limit and not ran.stopped:
            verdict = replace(verdict, kind=limit[0], detail=f"{limit[1]}; {verdict.detail}")
        if verdict.fraction > 0:
            suspicious = (
                find_shortcut(cells, exercise.name, exercise.does_the_work)
                or find_unread(cells, exercise.name)
                or tampering
            )
            if suspicious:
                verdict = Verdict(exercise.name, "flagged", 0.0, detail=suspicious)
        found[exercise.name] = replace(verdict, section=section_of(exercise.name))
    return found


def drawn(found: dict[str, Verdict]) -> dict[str, Picture]:
    """The pictures of the verdicts that have one."""
    return {name: picture for name, verdict in found.items() if (picture := draw(verdict))}


def write_outputs(
    notebook: NotebookNode,
    found: dict[str, Verdict],
    ours: frozenset[str] = frozenset(),
) -> None:
    """Put verdict and points in place of each check cell's outputs, and make all other outputs harmless.

    nbgrader reads the points from the one `execute_result`. `ours` are the sources of the released notebook: its
    prose keeps its HTML.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            if cell.source not in ours:
                cell.source = OPENS_A_TAG.sub("&lt;", cell.source)
            continue
        marks = cell.metadata.get("nbgrader", {})
        exercise = str(marks.get("grade_id", "")).removeprefix("check_")
        if marks.get("grade") and exercise in found:
            verdict = found[exercise]
            told = {"text/plain": words.text(verdict), "text/html": words.html(verdict)}
            points = repr(verdict.fraction * float(marks["points"]))
            cell.outputs = [
                new_output("display_data", told),
                new_output("execute_result", {"text/plain": points}, execution_count=1),
            ]
        else:
            cell.outputs = [kept for output in cell.outputs if (kept := _harmless(output))]


def add_pictures(notebook: NotebookNode, pictures: dict[str, Picture]) -> None:
    """Put each exercise's picture after the words of its verdict, in a notebook from `write_outputs`."""
    for cell in notebook.cells:
        picture = pictures.get(str(cell.metadata.get("nbgrader", {}).get("grade_id", "")).removeprefix("check_"))
        if picture and cell.metadata.nbgrader.get("grade"):
            data, alt = picture.bundle()
            cell.outputs.insert(1, new_output("display_data", data, metadata=alt))


def _verdict(ran: Ran, exercise: Exercise, seed: int, likely: str) -> Verdict:
    name = exercise.name
    places = [
        n for n, c in enumerate(ran.notebook.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == f"check_{name}"
    ]
    if len(places) != 1:
        return Verdict(name, "no_evidence", 0.0, detail="its check cell is missing")
    place = places[0]
    if ran.stopped and place >= ran.at:
        return _stopped(name, ran, place)
    if place in ran.slow_cells:
        return Verdict(name, "time", 0.0, detail="the check did not end within the time for one cell")
    outputs = ran.notebook.cells[place].outputs
    bundles = [output.data[MIME] for output in outputs if MIME in output.get("data", {})]
    if not bundles:
        errors = [f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error"]
        reason = errors[0][:300] if errors else "the check cell ran but put out no evidence"
        return Verdict(name, "no_evidence", 0.0, detail=reason)
    if len(bundles) > 1:
        return Verdict(name, "no_evidence", 0.0, detail=f"{len(bundles)} bundles of evidence; exactly one is expected")
    try:
        return judge(name, Evidence.from_wire(bundles[0]), seed, likely)
    except BadEvidence as error:
        return Verdict(name, "no_evidence", 0.0, detail=f"what the check cell put out is not evidence: {error}")
    except Exception as error:  # fail closed: whatever a stranger's evidence does to the judge earns nothing
        return Verdict(name, "no_evidence", 0.0, detail=f"the evidence could not be judged ({type(error).__name__})")


def _missing_package(ran: Ran) -> str:
    """The first package that a cell wanted and did not get, as a clause; "" if all were there."""
    for number, cell in enumerate(ran.notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "ModuleNotFoundError":
                wanted = re.search(r"No module named '([\w.]{1,80})'", str(output.evalue))
                return f"the grader does not have the package `{wanted[1] if wanted else '?'}` (cell {number})"
    return ""


LIMITS = (  # what an error in a cell says where the operating system refused more
    ("memory", r"MemoryError|can't allocate memory|Cannot allocate memory", "the memory for a submission was used up"),
    ("processes", r"Resource temporarily unavailable|can't start new thread", "the limit on processes was reached"),
    ("files", r"File too large|No space left on device", "the limit on files was reached"),
)
STOPPED = {  # the kind of verdict, and the cause
    "time": ("time", "a cell took longer than the limit"),
    "notebook time": ("time", "the notebook as a whole took longer than the limit"),
    "output": ("output", "the notebook put out more than the limit"),
    "memory": ("memory", "the notebook's processes and files together took more memory than the limit"),
    "processes": ("processes", "the notebook started more processes and threads than the limit"),
    "messages": ("no_evidence", "the kernel sent what is no Jupyter message"),
    "dead": ("no_evidence", "the kernel died"),
}


def _broken_limit(ran: Ran) -> tuple[str, str] | None:
    """The first limit that a cell ran into and survived: the kind of verdict, and a clause."""
    for number, cell in enumerate(ran.notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                said = f"{output.ename}: {output.evalue}"[:2000]
                for kind, pattern, told in LIMITS:
                    if re.search(pattern, said):
                        return kind, f"{told} (cell {number})"
    return None


def _stopped(name: str, ran: Ran, place: int) -> Verdict:
    kind, cause = STOPPED[ran.stopped]
    detail = f"{cause} in cell {ran.at + 1}, and nothing after it was run"
    checks = [n for n, c in enumerate(ran.notebook.cells) if c.metadata.get("nbgrader", {}).get("grade")]
    first = next(n for n in checks if n >= ran.at)
    return Verdict(name, kind if place == first else "no_evidence", 0.0, detail=detail)


def _harmless(output: NotebookNode) -> NotebookNode | None:
    if output.output_type == "stream":
        return new_output("stream", name=output.name, text=without_paths(str(output.text)[:MAX_TEXT]))
    if output.output_type == "error":
        trace = own_frames([str(line)[:MAX_TEXT] for line in output.traceback[-40:]])
        return new_output("error", ename=str(output.ename)[:200], evalue=str(output.evalue)[:2000], traceback=trace)
    data = output.get("data", {})
    kept = {}
    if isinstance(data.get("text/plain"), str):
        kept["text/plain"] = data["text/plain"][:MAX_TEXT]
    if isinstance(data.get("image/png"), str) and len(data["image/png"]) < MAX_IMAGE and _is_base64(data["image/png"]):
        kept["image/png"] = data["image/png"]
    return new_output("display_data", kept) if kept else None


def _is_base64(text: str) -> bool:
    return all(c.isalnum() or c in "+/=\n" for c in text) and text.isascii()
