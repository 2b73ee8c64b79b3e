"""What comes out of folders and zips that strangers made."""

import zipfile
from pathlib import Path

import pytest

from autograder.pipeline import collect
from autograder.pipeline.collect import tidy, unpack

LESSON = "06_momentum"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "submitted" / "ada" / LESSON
    made.mkdir(parents=True)
    return made


def packed(folder: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return folder / "all.zip"


def test_a_zip_is_unpacked_without_its_outermost_folder(folder: Path) -> None:
    packed(folder, **{f"ada/{LESSON}.ipynb": b"notebook", "ada/data/a.csv": b"1", "__MACOSX/ada/x": b"x"})
    assert tidy(folder, LESSON) == ["all.zip was unpacked"]
    assert (folder / f"{LESSON}.ipynb").read_bytes() == b"notebook"
    assert (folder / "data" / "a.csv").read_bytes() == b"1"


def test_a_zip_beside_a_notebook_is_left_as_it_is(folder: Path) -> None:
    (folder / f"{LESSON}.ipynb").write_bytes(b"mine")
    packed(folder, **{f"{LESSON}.ipynb": b"other"})
    assert tidy(folder, LESSON) == []
    assert (folder / f"{LESSON}.ipynb").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["/etc/evil", "../evil", "a/../../evil", "..\\evil", "C:/evil", "evil\n", "x" * 300])
def test_a_name_that_leads_out_is_left_out(folder: Path, tmp_path: Path, name: str) -> None:
    archive = packed(folder, **{name: b"evil", "good": b"good"})
    before = set(tmp_path.rglob("*"))
    notes = unpack(archive)
    assert {path.name for path in tmp_path.rglob("*")} == {path.name for path in before} | {"good"}
    assert "left out" in notes[1]


def test_a_zip_bomb_stops_at_the_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MAX_FILES_BYTES", 1000)
    notes = unpack(packed(folder, first=b"1" * 900, second=b"2" * 10**6, third=b"3"))
    assert sorted(path.name for path in folder.iterdir()) == ["all.zip", "first"]
    assert "more than 1000 bytes" in notes[-1]


def test_many_members_stop_at_the_limit(folder: Path) -> None:
    notes = unpack(packed(folder, **{str(number): b"" for number in range(collect.MAX_MEMBERS + 5)}))
    assert len(list(folder.iterdir())) == collect.MAX_MEMBERS + 1
    assert "1005 files; the first 1000 were taken" in notes[1]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all" * 100])
def test_what_is_no_zip_is_told(folder: Path, content: bytes) -> None:
    (folder / "all.zip").write_bytes(content)
    notes = tidy(folder, LESSON)
    assert notes[0].startswith("all.zip cannot be unpacked")
    assert "no notebook" in notes[1]


def test_a_file_that_is_too_large_is_set_aside_and_not_read(folder: Path) -> None:
    with (folder / f"{LESSON}.ipynb").open("wb") as file:
        file.truncate(10 * 2**30)  # a hole, not ten gigabytes
    assert "at most 20000000 are taken: it was set aside" in tidy(folder, LESSON)[0]
    assert (folder / f"{LESSON}.ipynb").stat().st_size == 0
    assert (folder.parent / f".{LESSON}-set-aside" / f"{LESSON}.ipynb").stat().st_size == 10 * 2**30


def test_a_hard_link_is_set_aside_and_a_notebook_copied(folder: Path, tmp_path: Path) -> None:
    outside, notebook = tmp_path / "gradebook.db", tmp_path / "mine.ipynb"
    outside.write_bytes(b"points")
    notebook.write_bytes(b"{}")
    (folder / "data.db").hardlink_to(outside)
    (folder / f"{LESSON}.ipynb").hardlink_to(notebook)
    notes = tidy(folder, LESSON)
    assert [path.name for path in folder.iterdir()] == [f"{LESSON}.ipynb"]
    assert outside.read_bytes() == b"points"
    assert notebook.stat().st_nlink == 1
    assert any("data.db is a hard link" in note for note in notes)
