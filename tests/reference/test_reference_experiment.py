"""The training loop: what it reports of the run, and what it refuses."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from reference.experiment import accuracy, train


def problem() -> tuple[torch.nn.Module, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(22, 3, generator=generator, dtype=torch.float64)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2, dtype=torch.float64), torch.nn.Dropout(0.5))
    with torch.no_grad():
        model[0].weight.zero_()
        model[0].bias.zero_()
    return model, x, (x[:, 0] > 0).long()


def trained(epochs: int = 30, seed: int = 1, **changes: int) -> tuple[torch.nn.Module, dict[str, list[float]]]:
    torch.manual_seed(0)
    model, x, y = problem()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    generator = torch.Generator().manual_seed(seed)
    return model, train(model, optimizer, x, y, **{"batch_size": 4, "epochs": epochs, **changes}, generator=generator)


def test_it_learns() -> None:
    _, run = trained()
    assert run["accuracy"][-1] >= 0.95
    assert len(run["loss"]) == 30 * 6
    assert len(run["accuracy"]) == 30


def test_the_first_loss_is_from_before_the_first_update() -> None:
    assert trained(epochs=1)[1]["loss"][0] == pytest.approx(torch.log(torch.tensor(2.0)).item())


def test_the_last_accuracy_is_that_of_the_model_without_dropout() -> None:
    model, run = trained()
    _, x, y = problem()
    with torch.no_grad():
        scores = model[0](x)
    assert run["accuracy"][-1] == pytest.approx((scores.argmax(dim=1) == y).double().mean().item())


def test_measuring_leaves_the_mode_as_it_was() -> None:
    model, x, y = problem()
    for mode in (True, False):
        model.train(mode)
        accuracy(model, x, y)
        assert model.training is mode


def test_the_generator_decides_the_order() -> None:
    assert trained(seed=1)[1] == trained(seed=1)[1]
    assert trained(seed=1)[1] != trained(seed=2)[1]


def test_one_batch_of_all_samples_is_gradient_descent() -> None:
    model = torch.nn.Linear(3, 2, dtype=torch.float64)
    _, x, y = problem()
    w, b = (p.detach().clone().requires_grad_() for p in model.parameters())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    train(model, optimizer, x, y, batch_size=len(x), epochs=3, generator=torch.Generator())
    for _ in range(3):
        grads = torch.autograd.grad(cross_entropy(x @ w.T + b, y), (w, b))
        w, b = (p.detach().sub(0.3 * g).requires_grad_() for p, g in zip((w, b), grads, strict=True))
    assert torch.allclose(model.weight, w)
    assert torch.allclose(model.bias, b)


@pytest.mark.parametrize("changes", [{"batch_size": 0}, {"epochs": -1}])
def test_impossible_budgets_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expected at least 1 and at least 0"):
        trained(**changes)


def test_labels_of_another_number_are_refused() -> None:
    model, x, y = problem()
    with pytest.raises(ValueError, match=r"x has shape \[22, 3\] and y \[21\]; expected one label per sample"):
        train(model, torch.optim.SGD(model.parameters()), x, y[1:], 4, 1, torch.Generator())
