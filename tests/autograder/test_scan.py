"""Shortcuts are found from the exercise on, and free elsewhere."""

import pytest

from autograder.scan import Cell, find_shortcut, find_tampering

REFUSED = ("torch.optim", "reference", ".requires_grad", ".requires_grad_")


def shortcut(*sources: str) -> str:
    return find_shortcut([Cell(f"cell {n}", source) for n, source in enumerate(sources, 1)], "step", REFUSED)


@pytest.mark.parametrize(
    "sources",
    [
        ("import torch\ndef step(p):\n    torch.optim.SGD([p], 1)",),
        ("from torch import optim\ndef step(p):\n    optim.SGD([p], 1)",),
        ("import torch.optim as o", "def step(p):\n    o.SGD([p], 1)"),
        ("def step(p):\n    from torch.optim import SGD\n    SGD([p], 1)",),
        ("import torch\nclass step(torch.optim.SGD):\n    pass",),
        ("import torch\nhelper = torch.optim.Adam\n", "def step(p):\n    return helper([p])"),
        ("import torch\ndef helper(p):\n    return torch.optim.SGD([p], 1)", "def step(p):\n    return helper(p)"),
        ("import torch\ndef step(p):\n    getattr(torch, 'optim').SGD([p], 1)",),
        ("import torch\ndef step(p):\n    exec('torch.op' + 'tim')",),
        ("import reference.optimizers as r\nstep = r.momentum_step",),
        ("import torch\ndef step(p):\n    torch.optim.lr_scheduler.StepLR(p, 1)",),
        ("def step(p):\n    q = p.clone().requires_grad_()\n    q.backward()",),
        ("def step(p):\n    p['W1'].requires_grad = True",),
        ("def step(p):\n    setattr(p['W1'], 'requires_grad', True)",),
        ("def step(p):\n    [q.requires_grad_() for q in p.values()]",),
        ("import torch\ndef step(p):\n    return torch.tensor(p, requires_grad=True)",),
        ("def leaf(p):\n    return p.detach().requires_grad_(True)", "def step(p):\n    return leaf(p)"),
    ],
)
def test_a_shortcut_is_found(sources: tuple[str, ...]) -> None:
    assert "cell" in shortcut(*sources)


@pytest.mark.parametrize(
    "sources",
    [
        ("import torch\nclass step(torch.optim.Optimizer):\n    pass",),
        ("from torch.optim import Optimizer\nclass step(Optimizer):\n    pass",),
        ("import torch\nscratch = torch.optim.SGD", "def step(p):\n    return p"),
        ("import torch\nparams = torch.optim.SGD", "def step(params):\n    return params"),
        ("import torch\ndef step(p):\n    return torch.zeros(3, requires_grad=False)",),
        ("def scratch(p):\n    return p.requires_grad_()", "def step(p):\n    return p.backward()"),
        ("%matplotlib inline\n!ls", "def step(p):\n    return p"),
        ("this is no python", "def step(p):\n    return p"),
    ],
)
def test_honest_code_is_free(sources: tuple[str, ...]) -> None:
    assert shortcut(*sources) == ""


@pytest.mark.parametrize(
    "source",
    [
        "check = print",
        "def check(*a): pass",
        "import autograder\nautograder.check = print",
        "import autograder.student.check as c\nc.gather = 3",
        "from autograder.student import check",
    ],
)
def test_tampering_is_found(source: str) -> None:
    assert find_tampering([Cell("cell 1", source)]) or "autograder.check =" in source


def test_the_import_of_check_is_free() -> None:
    assert find_tampering([Cell("cell 1", "from autograder import check\ncheck('step', 3)")]) == ""
