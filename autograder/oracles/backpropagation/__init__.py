"""Oracle of lesson 03: a network's forward and backward pass, its update, a scalar autodiff; one module an exercise."""

from autograder.oracles.backpropagation import backward, forward, update, value

LESSON = "03_backpropagation"
EXERCISES = (forward.EXERCISE, backward.EXERCISE, update.EXERCISE, value.EXERCISE)
