"""How long a wrong submission takes from evidence to words and picture."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any

from autograder.feedback import pictures, words
from autograder.judge import gather_form, judge
from autograder.oracles import lessons


@dataclass(frozen=True)
class Timed:
    """Figures over every known wrong form.

    Attributes:
        verdicts: how many were judged.
        pictures: how many of them have a picture.
        judge_ms: median milliseconds of the judge, the first verdict on a problem included in none.
        words_ms: of the words, as text and as HTML.
        picture_ms: of the picture, where one is drawn.
        all_ms: of all three.
        all_cpu_ms: the same in processor time, for a machine that is busy with other things.
        largest_kb: the largest picture.
    """

    verdicts: int
    pictures: int
    judge_ms: float
    words_ms: float
    picture_ms: float
    all_ms: float
    all_cpu_ms: float
    largest_kb: float

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        return asdict(self)

    def text(self) -> str:
        """As a person reads it."""
        return (
            f"{self.verdicts} wrong forms, {self.pictures} with a picture, the largest {self.largest_kb:.0f} kB; "
            f"medians: judge {self.judge_ms:.1f} ms, words {self.words_ms:.2f} ms, picture {self.picture_ms:.1f} ms, "
            f"together {self.all_ms:.1f} ms ({self.all_cpu_ms:.1f} ms of processor time). A right one has no picture."
        )


def bench_feedback(seed: int = 1) -> Timed:
    """Judge and tell every known wrong form once, after a first time that is not counted."""
    judged, told, drawn, together, cpu, sizes = [], [], [], [], [], [0]
    for exercise in (e for of_lesson in lessons().values() for e in of_lesson):
        for form in (f for f in exercise.forms if f.fraction < 1):
            evidence = gather_form(exercise.name, form.name, seed)
            pictures.draw(judge(exercise.name, evidence, seed))
            used, began = time.process_time(), time.perf_counter()
            verdict = judge(exercise.name, evidence, seed)
            after_judge = time.perf_counter()
            words.text(verdict), words.html(verdict)
            after_words = time.perf_counter()
            picture = pictures.draw(verdict)
            ended = time.perf_counter()
            cpu.append(time.process_time() - used)
            judged.append(after_judge - began)
            told.append(after_words - after_judge)
            together.append(ended - began)
            if picture:
                drawn.append(ended - after_words)
                sizes.append(len(picture.png))
    judge_ms, words_ms, picture_ms, all_ms, cpu_ms = (
        1e3 * statistics.median(values) for values in (judged, told, drawn or [0.0], together, cpu)
    )
    return Timed(len(judged), len(drawn), judge_ms, words_ms, picture_ms, all_ms, cpu_ms, max(sizes) / 1e3)
