"""Oracle of lesson 09: an optimizer of the student's own, and the loop that trains with it."""

from autograder.oracles.experiment.loop import TRAIN
from autograder.oracles.experiment.mine import MY_OPTIMIZER

LESSON = "09_experiment"
EXERCISES = (MY_OPTIMIZER, TRAIN)
