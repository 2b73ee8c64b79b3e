"""Oracle of lesson 08: RMSprop, Adam and three repairs, and how they go wrong."""

from autograder.oracles.adaptive import adam_step, repairs, rmsprop_step

LESSON = "08_adaptive"
EXERCISES = (rmsprop_step.EXERCISE, adam_step.EXERCISE, adam_step.CLASS, *repairs.EXERCISES)
