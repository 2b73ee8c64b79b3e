"""Runs as a table: rows, HTML, comma-separated values."""

import csv
import io
from html import escape

from .runs import MINE, Run


def row(number: int, run: Run) -> dict[str, object]:
    """A run as a row of the table."""
    made = run.settings
    last = {
        f"{part} {what}": f"{values[part][-1]:.4g}" if values[part] else ""
        for what, values in (("loss", run.loss), ("accuracy", run.accuracy))
        for part in ("training", "validation")
    }
    return {
        "run": number,
        "loss": made.loss,
        "optimizer": made.optimizer,
        "batch size": made.batch_size,
        "lr": made.lr,
        "momentum": made.momentum if made.optimizer in ("momentum", "Nesterov", MINE) else "",
        "epochs": made.epochs,
        **last,
        "seconds": f"{run.seconds:.2f}",
        "device": run.device,
        "ended": run.ending,
    }


def table_html(runs: list[Run]) -> str:
    """The runs as an HTML table that scrolls by itself where the page is narrow."""
    rows = [row(number, run) for number, run in enumerate(runs, 1)]
    if not rows:
        return "<p>No runs yet.</p>"
    name_style = "padding:0 0.6em;text-align:left;vertical-align:bottom;white-space:normal"
    head = "".join(f"<th scope='col' style='{name_style}'>{escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td style='padding:0 0.6em'>{escape(str(value))}</td>" for value in r.values()) + "</tr>"
        for r in rows
    )
    table = f"<table style='white-space:nowrap'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div style='overflow-x:auto'>{table}</div>"


def table_csv(runs: list[Run]) -> str:
    """The runs as comma-separated values."""
    rows = [row(number, run) for number, run in enumerate(runs, 1)]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["run"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def told_ending(run: Run) -> str:
    """How a run ended, in words."""
    if run.ending == "finished":
        return f"Finished: {run.done} updates on {run.device} in {run.seconds:.1f} s."
    if run.ending == "stopped":
        return f"Stopped after {run.done} of {run.updates} updates."
    return f"The run ended early: {run.ending}"
