"""Oracle of lesson 07: the look-ahead in the textbook's form and in PyTorch's, and how they go wrong."""

from autograder.oracles.nesterov import look_ahead_step, nesterov_step

LESSON = "07_nesterov"
EXERCISES = (look_ahead_step.EXERCISE, nesterov_step.EXERCISE, nesterov_step.CLASS)
