"""What nbgrader's pages (formgrader's and the feedback) do with Markdown: draw formulas, and run no student's link."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import unescape
from typing import Any

from jinja2 import pass_context
from jinja2.bccache import Bucket, BytecodeCache
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

from autograder.feedback.student_page import Line, Summary, with_summary
from autograder.pipeline.formulas import drawn

TARGET = re.compile(r"""(?<=\s)(href|src)=("[^"]*"|'[^']*')""", re.IGNORECASE)
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
WITHOUT_ALT = re.compile(r"<img\b(?![^>]*\balt=)", re.IGNORECASE)
HARMLESS = {"http", "https", "mailto", "attachment"}
MAX_PROSE = 300
FILTER = f"{__name__}.markdown"  # nbconvert imports it by name

_prose: dict[str, str] = {}


class _Compiled(BytecodeCache):
    """Templates compiled once a process: nbgrader makes an exporter anew for every page."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


@pass_context
def markdown(context: Any, source: str) -> str:
    """nbconvert's `markdown2html`, with formulas drawn and every link that would run something taken out."""
    if (context.get("cell") or {}).get("attachments") or len(source) > 20_000:
        return drawn(without_scripts(_exporter().markdown2html(context, source)))
    if source not in _prose:  # most of it is the lesson's, the same for everybody
        if len(_prose) >= MAX_PROSE:
            _prose.clear()
        _prose[source] = drawn(without_scripts(_exporter().markdown2html(context, source)))
    return _prose[source]


def without_scripts(html: str) -> str:
    """HTML in which links lead to pages, mail, or places of the same page, and images may carry their own data.

    Example:
        >>> without_scripts('<a href="javascript:alert(1)">a</a> <a href="#b">b</a>')
        '<a href="#">a</a> <a href="#b">b</a>'
    """
    return TARGET.sub(_harmless, html)


def _harmless(match: re.Match[str]) -> str:
    # browsers decode entities and drop blanks and control characters before they read the scheme
    target = re.sub(r"[\x00-\x20]", "", unescape(match[2][1:-1]))
    scheme = SCHEME.match(target)
    image = match[1].lower() == "src" and target.lower().startswith("data:image/")
    return match[0] if image or scheme is None or scheme[1].lower() in HARMLESS else f'{match[1]}="#"'


class StudentPage(HTMLExporter):
    """nbgrader's feedback page with a summary at the top, without scripts, for small screens and paper too."""

    def _create_environment(self) -> Any:
        environment = super()._create_environment()
        environment.bytecode_cache = _compiled
        return environment

    def _preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        self._graded, resources = super()._preprocess(nb, resources)  # the copy that nbgrader wrote the points into
        for cell in self._graded.cells:
            if _marks(cell).get("grade") and not _marks(cell).get("solution"):
                # the points, which nbgrader reads from the cell's result, stand in its heading
                cell.outputs = [output for output in cell.get("outputs", []) if output.output_type == "display_data"]
        return self._graded, resources

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[str, Any]:
        # as HTMLExporter does, which then reads and writes the whole page once more, for half of all the time
        resources = self._init_resources(resources)
        data_types = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("highlight_code", lambda source, **told: _coloured(source))
        self.register_filter("filter_data_type", data_types)
        page, resources = super(HTMLExporter, self).from_notebook_node(nb, resources, **kw)
        page = WITHOUT_ALT.sub('<img alt="No description has been provided for this image"', page)
        told, cells = resources.get("nbgrader", {}), self._graded.cells
        points, most = (float(told.get(name) or 0.0) for name in ("score", "max_score"))
        late = float(told.get("late_penalty") or 0.0)
        lines = tuple(_line(cell) for cell in cells if _marks(cell).get("grade"))
        comments = tuple(
            (
                f"comment-{_marks(cell)['grade_id']}",
                "the written answer" if _marks(cell)["grade"] else _marks(cell)["grade_id"],
            )
            for cell in cells
            if _marks(cell).get("solution") and _marks(cell).get("comment") not in (None, "", "No response.")
        )
        summary = Summary(str(told.get("notebook", "")), points, most, late, lines, comments)
        return with_summary(page, summary), resources


def _marks(cell: Any) -> Any:
    return cell.metadata.get("nbgrader", {})


def _line(cell: Any) -> Line:
    marks = _marks(cell)
    name = str(marks["grade_id"])
    words = [o.data.get("text/plain", "") for o in cell.get("outputs", []) if o.output_type == "display_data"]
    headline, *rest = str(words[0]).splitlines() if words and not marks.get("solution") else [""]
    points, most = (float(marks.get(key) or 0.0) for key in ("score", "points"))
    by_hand = bool(marks.get("solution"))
    return Line(name.removeprefix("check_"), name, points, most, headline, rest[0] if rest else "", by_hand)


@lru_cache(maxsize=MAX_PROSE)
def _coloured(code: str) -> str:
    return str(Highlight2HTML(pygments_lexer="ipython3")(code))


@cache
def _exporter() -> Any:
    return HTMLExporter(exclude_anchor_links=True)
