"""Oracle of lesson 05: the edge of stability, schedules, and how they go wrong."""

from autograder.oracles.learning_rate import curvatures, descent, schedules

LESSON = "05_learning_rate"
EXERCISES = (*curvatures.EXERCISES, *schedules.EXERCISES, *descent.EXERCISES)
