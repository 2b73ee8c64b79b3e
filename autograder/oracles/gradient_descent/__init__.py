"""Oracle of lesson 02: differences, steps, paths and fits, and how they go wrong; one module an exercise."""

from autograder.oracles.gradient_descent import fit_linear, gradient_descent, gradient_step, numerical_gradient

LESSON = "02_gradient_descent"
EXERCISES = (
    numerical_gradient.EXERCISE,
    gradient_step.EXERCISE,
    gradient_descent.EXERCISE,
    fit_linear.EXERCISE,
)
