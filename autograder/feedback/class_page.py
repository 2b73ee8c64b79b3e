"""One self-contained HTML page on the class: a table. Everything a student controls is escaped by the template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment

from autograder.files import write

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ report.lesson }}: the class</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1f2328 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #d0d7de; padding: .4rem .6rem; text-align: left; vertical-align: top }
td.points { white-space: nowrap; font-variant-numeric: tabular-nums }
.full { background: #dafbe1 } .some { background: #fff8c5 } .none { background: #ffebe9 }
</style>
<h1>{{ report.lesson }}</h1>
{% if report.isolation == "none" %}<p><strong>Not isolated:</strong> students' code ran with the rights of whoever
graded.</p>{% endif %}
<p>{{ report.students | length }} submissions, judged from outside in {{ "%.0f" | format(report.seconds) }} seconds.
Points are those scored automatically, out of {{ "%g" | format(report.max_points) }}; the written answer waits for a
person.</p>
<div class="wide"><table>
<thead><tr><th scope="col">Student</th><th scope="col">Points</th>
{% for exercise in exercises %}<th scope="col">{{ exercise }}</th>{% endfor %}<th scope="col">Notes</th></tr></thead>
<tbody>
{% for row in report.students %}<tr>
<th scope="row">
{% if row.verdicts %}<a href="{{ links[row.student] }}">{{ row.student }}</a>{% else %}{{ row.student }}{% endif %}</th>
<td class="points {{ 'full' if row.points == report.max_points else 'some' if row.points else 'none' }}">
{{ "%g" | format(row.points) }}</td>
{% for exercise in exercises %}<td>{{ row.verdicts.get(exercise, "") | replace("_", " ") }}</td>{% endfor %}
<td>{{ row.notes | join("; ") | truncate(300) }}</td>
</tr>{% endfor %}
</tbody></table></div>
</html>
"""


def write_class_page(course: Any, report: Any) -> Path:
    """Write the page beside the gradebook.

    Args:
        course: the course's folder.
        report: what the grading gave.

    Returns:
        The page's path.
    """
    from urllib.parse import quote

    exercises = list(dict.fromkeys(name for row in report.students for name in row.verdicts))
    lesson = quote(report.lesson)
    links = {row.student: f"feedback/{quote(row.student)}/{lesson}/{lesson}.html" for row in report.students}
    page = Environment(autoescape=True).from_string(PAGE).render(report=report, exercises=exercises, links=links)
    path = Path(course.root) / f"{report.lesson}.html"
    write(path, page)
    return path
