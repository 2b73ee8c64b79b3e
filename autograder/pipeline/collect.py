"""Make a submission's folder one that nbgrader can read and that holds nothing but what was handed in.

A folder comes from strangers, by way of an exchange, a download or a zip: links, pipes and names in it may point
anywhere. Nothing here follows one, and nothing is written outside the student's own folder in `submitted/`.
"""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from autograder.files import copy
from autograder.pipeline.repair import MAX_BYTES

MAX_FILES_BYTES = 50_000_000
MAX_MEMBERS = 1_000
MAX_NAME = 200


def tidy(folder: Path, lesson: str) -> list[str]:
    """Make a submission's folder one that nbgrader reads: no links, and a notebook of the lesson's name.

    A notebook of another name is copied, not renamed; a zip is unpacked where there is no notebook; a folder
    without any gets an empty file, which is graded as what it is. What cannot be taken is set aside, in a hidden
    folder beside this one. Returns notes on what was done.
    """
    notes = []
    if folder.is_symlink():
        folder.unlink()
        folder.mkdir()
        notes.append("the submission was a link to another place and was not followed")
    aside = folder.parent / f".{lesson}-set-aside"
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            path.unlink()
            notes.append(f"the link {path.name} was removed")
        elif not path.is_file() and not path.is_dir():
            path.unlink()  # reading a pipe would wait for ever
            notes.append(f"{path.name} is no ordinary file and was removed")
        elif path.is_file() and path.stat().st_nlink > 1:
            notes.append(_without_its_twin(path, folder, aside))
    notebook = folder / f"{lesson}.ipynb"
    if notebook.is_dir():
        notebook.rename(folder / f"{lesson}.folder")
        notes.append(f"{notebook.name} was a folder and was renamed")
    if not any(path.is_file() and path.stat().st_size for path in folder.glob("*.ipynb")):
        for archive in sorted(folder.glob("*.zip")):
            notes += unpack(archive)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        size, most = path.stat().st_size, MAX_BYTES if path.suffix == ".ipynb" else MAX_FILES_BYTES
        if size > most:
            _set_aside(path, folder, aside)
            notes.append(f"{path.name} has {size} bytes; at most {most} are taken: it was set aside in {aside.name}")
    if not notebook.exists() or not notebook.stat().st_size:
        files = [path for path in folder.glob("*.ipynb") if path.is_file() and path != notebook]
        if files:
            taken = max(files, key=lambda path: (path.name.startswith(lesson), path.stat().st_mtime))
            copy(taken, notebook)
            notes.append(f"{taken.name} was taken as {notebook.name}")
        else:
            notebook.touch()
            notes.append(f"the folder holds no notebook, or an empty one; expected {notebook.name}")
    return notes


def unpack(archive: Path) -> list[str]:
    """Unpack a zip beside itself: ordinary files of a bounded size with names that stay inside. Returns notes.

    If everything lies in one folder, that folder is left out. A file that is there already stays as it is.
    """
    try:
        if archive.stat().st_size > MAX_BYTES:
            return [f"{archive.name} has {archive.stat().st_size} bytes; at most {MAX_BYTES} are unpacked"]
        with zipfile.ZipFile(archive) as opened:
            return _unpack(opened, archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        return [f"{archive.name} cannot be unpacked ({type(error).__name__}); hand in the notebook itself"]


def _unpack(opened: zipfile.ZipFile, archive: Path) -> list[str]:
    members = [m for m in opened.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    notes, left = [f"{archive.name} was unpacked"], MAX_FILES_BYTES
    if len(members) > MAX_MEMBERS:
        notes.append(f"it holds {len(members)} files; the first {MAX_MEMBERS} were taken")
        members = members[:MAX_MEMBERS]
    good = [m for m in members if not _trouble(m)]
    notes += [f"{m.filename[:80]!r} in it was left out: {_trouble(m)}" for m in members if _trouble(m)][:20]
    tops = {PurePosixPath(m.filename).parts[0] for m in good}
    inner = len(tops) == 1 and all(len(PurePosixPath(m.filename).parts) > 1 for m in good)
    for member in good:
        target = archive.parent.joinpath(*PurePosixPath(member.filename).parts[1 if inner else 0 :])
        with opened.open(member) as stream:
            content = stream.read(left + 1)  # what the zip says of its sizes may be untrue
        if len(content) > left:
            return [*notes, f"it holds more than {MAX_FILES_BYTES} bytes; the rest was left out"]
        left -= len(content)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.write_bytes(content)
    return notes


def _trouble(member: zipfile.ZipInfo) -> str:
    """Why a file of a zip is not taken; "" if it is."""
    name = PurePosixPath(member.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in member.filename:
        return "its name leads out of the folder"
    if len(member.filename) > MAX_NAME or not member.filename.isprintable() or not name.parts:
        return "its name cannot be used"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is no ordinary file"
    return "it is encrypted" if member.flag_bits & 1 else ""


def _without_its_twin(path: Path, folder: Path, aside: Path) -> str:
    """A file with a second name elsewhere may be anything on this disk: a notebook is copied, others set aside."""
    if path.suffix == ".ipynb" and path.parent == folder:
        copy(path, path)
        return f"{path.name} was a hard link and was copied"
    _set_aside(path, folder, aside)
    return f"{path.name} is a hard link, so it may be another's file: it was set aside in {aside.name}"


def _set_aside(path: Path, folder: Path, aside: Path) -> None:
    target = aside / path.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
