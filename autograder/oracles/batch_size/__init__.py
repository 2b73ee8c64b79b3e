"""Oracle of lesson 04: batches, gradients over them, their noise, and training with them; one module an exercise."""

from autograder.oracles.batch_size import batch_gradient, batch_indices, gradient_noise, train_epochs

LESSON = "04_batch_size"
EXERCISES = (
    batch_indices.EXERCISE,
    batch_gradient.EXERCISE,
    gradient_noise.EXERCISE,
    train_epochs.EXERCISE,
)
