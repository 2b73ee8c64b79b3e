"""Oracle of lesson 01: errors of numbers, cross-entropy, the landscape of a loss, and how they go wrong."""

from autograder.oracles.loss import cross_entropy, errors, loss_grid

LESSON = "01_loss"
EXERCISES = (*errors.EXERCISES, *cross_entropy.EXERCISES, *loss_grid.EXERCISES)
