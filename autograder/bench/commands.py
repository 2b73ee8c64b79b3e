"""`downhill bench`: one command a question."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(help="Measure the kit itself.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of a table.")]


@app.command()
def judge(
    as_json: Json = False,
    seed: Annotated[int, typer.Option(help="The problems are drawn from it.")] = 1,
) -> None:
    """How many wrong forms of every exercise are caught and named, and whether a right one is accused."""
    from autograder.bench.judge import bench_judge

    result = bench_judge(seed)
    print(json.dumps(result.to_json()) if as_json else result.text())
