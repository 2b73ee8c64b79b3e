"""Three broken updates to repair. The broken one, handed in as it stands, is a form of its own."""

from __future__ import annotations

from autograder.oracles import momentum
from autograder.oracles.adaptive import adam_step, rmsprop_step
from autograder.oracles.exercise import Exercise, Form

DOES_THE_WORK = rmsprop_step.DOES_THE_WORK


def forms_of_repair(exercise: Exercise, broken: str, question: str) -> tuple[Form, ...]:
    """The forms of a repaired update.

    Args:
        exercise: the update as an exercise of its own.
        broken: the name of its form that is handed to the student as broken.
        question: what leads on.
    """
    unrepaired = next(form for form in exercise.forms if form.name == broken)
    words = f"this is the broken update still: every number of it is the same. {question}"
    others = tuple(form for form in exercise.forms if form is not unrepaired)
    return (Form("unrepaired", unrepaired.function, words), *others)


def repair(exercise: Exercise, broken: str, question: str) -> Exercise:
    """The exercise of repairing an update, judged like the update itself."""
    forms = forms_of_repair(exercise, broken, question)
    return Exercise(f"repaired_{exercise.name}", exercise.draw, exercise.reference, forms, DOES_THE_WORK)


EXERCISES = (
    repair(
        adam_step.EXERCISE,
        "correction_stored",
        "Take one parameter with the gradient 1 at every step and write down its mean after steps 1, 2 and 3. "
        "What should a mean of ones be?",
    ),
    repair(
        rmsprop_step.EXERCISE,
        "eps_added_to_parameter",
        "Put brackets around what Python computes first, then next. What is eps added to?",
    ),
    repair(
        next(e for e in momentum.EXERCISES if e.name == "momentum_step"),
        "old_velocity",
        "Take one parameter at rest and one gradient. Where is the parameter after the first step?",
    ),
)
