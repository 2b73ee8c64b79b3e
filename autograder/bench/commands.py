"""`downhill bench`: one command a question."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Measure the kit itself.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of a table.")]


@app.command()
def judge(
    as_json: Json = False,
    seed: Annotated[int, typer.Option(help="The problems are drawn from it.")] = 1,
    lessons: Annotated[list[str] | None, typer.Argument(help="Lessons; default: all.")] = None,
) -> None:
    """How many wrong forms of every exercise are caught and named, and whether a right one is accused."""
    from autograder.bench.judge import bench_judge

    result = bench_judge(seed, lessons or ())
    print(json.dumps(result.to_json()) if as_json else result.text())


@app.command()
def grading(
    students: Annotated[int, typer.Option(min=1, help="Students in the class.")] = 40,
    stock: Annotated[
        int | None, typer.Option(min=1, help="How many of them stock nbgrader grades, its time scaled; default: all.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="As for `downhill grade`.")] = None,
    isolation: Annotated[str | None, typer.Option(help="As for `downhill grade`.")] = None,
    all_cells: Annotated[bool, typer.Option("--all-cells", help="Also with the experiments run; slow.")] = False,
    sandbox_cost: Annotated[
        bool, typer.Option("--sandbox-cost", help="Also four runs that tell what the sandbox costs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Grade a class with Downhill and with stock nbgrader, in one round."""
    from autograder.bench.grading import bench_grading
    from autograder.feedback.tables import stages_table

    result = bench_grading(students, stock, workers, isolation, all_cells, sandbox_cost)
    print(json.dumps(result.to_json()) if as_json else result.text())
    if not as_json:
        stages_table(result.stages, result.submissions)


@app.command()
def growth(
    students: Annotated[list[int] | None, typer.Option(help="A size of the class; may be given often.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="As for `downhill grade`.")] = None,
    executed: Annotated[
        int, typer.Option(min=1, help="How many of a class are really run; the others come from the cache.")
    ] = 200,
    as_json: Json = False,
) -> None:
    """Whether a submission takes the same time and memory in a large class as in a small one."""
    from autograder.bench.growth import bench_growth

    result = bench_growth(students or [20, 200, 2000], workers or os.cpu_count() or 1, executed)
    print(json.dumps(result.to_json()) if as_json else result.text())


@app.command()
def words(out: Annotated[Path, typer.Option(help="The folder for the text files.")]) -> None:
    """Write what a student is told for every known form of every exercise, one text file a lesson, for review."""
    from autograder.bench.words import write_words

    for path in write_words(out):
        print(path)


@app.command()
def feedback(as_json: Json = False, seed: Annotated[int, typer.Option(help="The problems' seed.")] = 1) -> None:
    """How long judging a wrong submission takes, with words and picture, and how large the pictures are."""
    from autograder.bench.feedback import bench_feedback

    result = bench_feedback(seed)
    print(json.dumps(result.to_json()) if as_json else result.text())


@app.command("class")
def of_class(
    students: Annotated[int, typer.Option(min=1, help="Students in the class.")] = 300, as_json: Json = False
) -> None:
    """How long a graded class takes to judge again and to show on its page; nothing is run."""
    from autograder.bench.made_class import bench_class

    result = bench_class(students)
    print(json.dumps(result.to_json()) if as_json else result.text())


@app.command()
def step(
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    optimizers: Annotated[
        str, typer.Option(help="Names with commas between, of SGD, momentum, Nesterov, RMSprop, Adam; default: all.")
    ] = "",
    plot: Annotated[Path | None, typer.Option(help="Draw the figures into this PNG.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Tiny tensors, to see that it runs.")] = False,
    rounds: Annotated[int | None, typer.Option(min=1, help="Measurements of each; default: 9.")] = None,
    as_json: Json = False,
) -> None:
    """How long a step of an optimizer takes: the references in their three ways against torch.optim's."""
    from autograder.bench.step import bench_step

    result = bench_step([name for name in optimizers.split(",") if name], device, quick, rounds)
    print(json.dumps(result.to_json()) if as_json else result.text())
    if plot:
        from autograder.bench.step_plot import save_plot

        save_plot(result, plot)


@app.command()
def check(
    exercises: Annotated[list[str] | None, typer.Argument(help="Names of exercises; default: all.")] = None,
    as_json: Json = False,
) -> None:
    """How long a check takes in a notebook, against running the student's function alone."""
    from autograder.bench.check import bench_check

    result = bench_check(tuple(exercises or ()))
    print(json.dumps(result.to_json()) if as_json else result.text())


@app.command()
def sliders(
    lessons: Annotated[list[str] | None, typer.Argument(help="Lessons; default: all.")] = None,
    moves: Annotated[int, typer.Option(min=2, help="How often each slider is moved.")] = 5,
    as_json: Json = False,
) -> None:
    """How long every picture under sliders takes to follow them, from the new value to the new picture."""
    from autograder.bench.sliders import bench_sliders

    result = bench_sliders(tuple(lessons or ()), moves)
    print(json.dumps(result.to_json()) if as_json else result.text())
