"""Shortcuts are found from the exercise on, and free elsewhere."""

import pytest

from autograder.sandbox.kernel import template
from autograder.scan import LIBRARIES, Cell, find_shortcut, find_tampering, find_unread

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
        ("%%time\nimport torch\nstep = torch.optim.SGD",),
        ("import torch\n%time step = torch.optim.SGD",),
        ("from torch.optim import *", "class step(SGD):\n    pass"),
        ("import torch\nt = torch", "class step(t.optim.SGD):\n    pass"),
        ("import torch\ndef step(p):\n    t = torch\n    return t.optim.SGD(p)",),
        ("import torch\ndef step(p, t=torch):\n    return t.optim.SGD(p)",),
        ("import torch\ndef step(p):\n    return getattr(torch, 'op' + 'tim').SGD(p)",),
        ("def step(p):\n    return getattr(p, 'requires_' + 'grad_')()",),
        ("import torch, operator\ndef step(p):\n    return operator.attrgetter('optim.SGD')(torch)(p)",),
        ("import sys\ndef step(p):\n    return sys.modules['torch.op' + 'tim'].SGD(p)",),
        ("import gc\ndef step(p):\n    return gc.get_objects()",),
        ("import torch\ndef step(p):\n    return torch.nn.functional.torch.optim.SGD(p)",),
        ("import torch\ndef step(p):\n    return torch._fused_sgd_(p)",),
        ("from torch.optim import Optimizer\nclass step(Optimizer.__subclasses__()[0]):\n    pass",),
        ("import torch\nclass step:\n    pass\nsetattr(step, 'go', torch.optim.SGD.step)",),
        ("import torch\nclass step:\n    pass\nstep.go = torch.optim.SGD.step",),
        ("import torch\nkept = []\nkept.append(torch.optim.SGD)\ndef step(p):\n    return kept[0](p)",),
        ("import torch\nfor step in [torch.optim.SGD]:\n    pass",),
        ("import torch\ntorch.Tensor.go = lambda p: torch.optim.SGD([p])", "def step(p):\n    return p.go()"),
        ("def make():\n    global step\n    def step(p):\n        torch.optim.SGD(p)",),
        ("import torch\ndef step(p):\n    return torch.importlib.import_module('torch.optim').SGD(p)",),
        ("import torch\ndef step(p):\n    return torch.tensor(p, **{'requires_' + 'grad': True})",),
        ("import torch\ndef step(p):\n    return torch.tensor(p, **{'requires_grad': True})",),
        ("import torch\no = torch.optim", "class step(o.SGD):\n    pass"),
        ("import helper\ndef step(p):\n    return helper.step(p)",),
        ("from helper import work\ndef step(p):\n    return work(p)",),
        ("import torch.optim as o", "def step(p):\n    return o.SGD(p)", "import math as o"),
        (
            "import torch\nkept = []\n@kept.append\ndef work(p):\n    torch.optim.SGD(p)",
            "def step(p):\n    return kept[0](p)",
        ),
        ("import torch\nkept = []\nkeep = kept.append\nkeep(torch.optim.SGD)\ndef step(p):\n    return kept[0](p)",),
        ("import torch\nkept = []\nlist.append(kept, torch.optim.SGD)\ndef step(p):\n    return kept[0](p)",),
        (
            "kept = []\ndef keep(f):\n    kept.append(f)",
            "def hand(f):\n    keep(f)\nimport torch\nhand(torch.optim.SGD)",
            "def step(p):\n    return kept[0](p)",
        ),
        (
            "import functools, torch",
            "@functools.singledispatch\ndef step(p):\n    pass",
            "@step.register(int)\ndef _(p):\n    torch.optim.SGD(p)",
        ),
        ("import torch\ndef step(p):\n    return p - 1", "T = type(torch.ones(1))\nT.__sub__ = torch.optim.SGD"),
        ("import torch\ndef step(p): pass", "match torch.optim.SGD:\n    case step: pass"),
        ("import torch\ndef step(p): pass", "there = find('__main__')\nthere.step = torch.optim.SGD"),
        ("import torch\ndef step(p): pass", "%%timeit -n1 -r1\nglobal step\nstep = torch.optim.SGD"),
        ("import logging\ndef step(p):\n    logging.warning('%s', p)",),
        ("def step(p):\n    return float(open('/tmp/answer').read())",),
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
        ("import math, torch\ndef step(p):\n    return torch._foreach_add(p, math.pi)",),
        ("import torch as F\ndef step(p):\n    F = p.T\n    return F",),
        ("from torch.optim import SGD as step\ncompared = step", "def step(p):\n    return p", "check('step', step)"),
        ("def step(p):\n    return p", "check('step', step)", "from torch.optim import SGD as step"),
        ("import torch\ndef scratch():\n    rule = torch.optim.SGD", "def step(p):\n    return rule"),
        (
            "import torch\nclass Run:\n    def go(self):\n        self.rule = torch.optim.SGD",
            "def step(p):\n    p.rule",
        ),
        ("from torch.optim import *", "def helper(p):\n    return list(p)", "def step(p):\n    return helper(p)"),
        ("import torch\nF = torch.nn.functional\nt = torch", "def step(p):\n    return F.relu(t.ones(3))"),
        ("import torch\nt = torch", "def step(p):\n    return [t for t in range(3)]"),
        ("import torch\ndef step(p):\n    return torch.zeros(3, **{'dtype': p.dtype}, **p.options)",),
        ("class Rule:\n    def step(self):\n        return torch.optim.SGD", "def step(p):\n    return p"),
        ("x.append(torch.optim.SGD)", "def step(x):\n    x.append(1)\n    return x"),
        ("import torch\nlr = 0.1\ndef step(p):\n    return p - lr", "torch.optim.SGD([p], lr=lr)"),
        ("import torch\ndef step(p):\n    return dict(p)", "assert step(p) == torch.optim.SGD([p])\ndict.fromkeys(p)"),
    ],
)
def test_honest_code_is_free(sources: tuple[str, ...]) -> None:
    assert shortcut(*sources) == ""


@pytest.mark.parametrize(
    "sources",
    [
        ("from torch.optim import SGD as step",),
        ("from helper import step",),
        ("def step(p):\n    return p", "from torch.optim import SGD as step", "check('step', step)"),
    ],
)
def test_what_is_imported_is_not_written(sources: tuple[str, ...]) -> None:
    assert "imported" in shortcut(*sources)


@pytest.mark.parametrize("source", ["%run other.ipynb", "exec('def step(p): pass')", "def step(p): p" + ".a" * 1000])
def test_what_cannot_be_read_is_told(source: str) -> None:
    assert "`step`" in find_unread([Cell("cell 1", source)], "step")
    assert find_unread([Cell("cell 1", source), Cell("cell 2", "def step(p): pass")], "step") == ""


@pytest.mark.parametrize(
    "source",
    [
        "check = print",
        "def check(*a): pass",
        "import autograder\nautograder.check = print",
        "import autograder.student.check as c\nc.gather = 3",
        "from autograder.student import check",
        "exec('check = print')",
        "globals()['step'] = 3",
        "get_ipython().user_ns['step'] = 3",
        "get_ipython().run_cell('step = 3')",
        "get_ipython().ast_transformers.append(3)",
        "publisher = get_ipython().display_pub",
        "import sys\nsys.modules['autograder.student.check'].gather = 3",
        "from sys import modules\nmodules['autograder.student.check'].gather = 3",
        "check.__globals__['gather'] = 3",
        "import IPython.display\nIPython.display.publish_display_data = print",
        "import torch\nsetattr(torch.Tensor, 'clone', print)",
        "FORGED = {'application/vnd.downhill.evidence+json': {}}",
        "%run other.ipynb",
        "run other.py",
        "%reload_ext other",
        "%alias_magic also run",
        "%prun -q 1\nget_ipython().user_ns['step'] = 3",
        "!true {get_ipython().push(dict(step=3))}",
        "%config X.y = get_ipython().push(dict(step=3))",
        "%%timeit -n1 -r1\n%time exec('step = 3')",
        "get_ipython().run_line_magic('timeit', text)",
        "get_ipython().push({'step': 3})",
        "get_ipython().events.register('post_run_cell', print)",
        "shell = get_ipython()",
        "from IPython import get_ipython as shell\nshell().push({'step': 3})",
        "globals().update(step=3)",
        "import operator\noperator.setitem(globals(), 'step', 3)",
        "names = globals",
        "def own(globals): pass\nglobals().update(step=3)",
        f"pad = {'+'.join('0' * 400)}\nget_ipython().user_ns['step'] = 3",
        "import inspect\ninspect.getmodule(step).step = 3",
        "import inspect\nfrom autograder import check\nprobes = inspect.unwrap(check)",
        "import importlib\nimportlib.import_module('__main__').step = 3",
        "import unittest.mock\nunittest.mock.patch('__main__.step', 3).start()",
        "import sys\nsys.setprofile(print)",
        "from sys import settrace as t\nt(print)",
        "import torch\ntorch.overrides.TorchFunctionMode().__enter__()",
        "from torch.optim.optimizer import register_optimizer_step_post_hook as hook\nhook(print)",
        "import ctypes\nctypes.pythonapi.PyDict_SetItemString",
        "setattr(torch.Tensor, 'mo' + name, 3)",
        "list(map(setattr, [torch.Tensor], ['moved'], [3]))",
        "FORGED = {'application/vnd.downhill.' + 'evidence+json': {}}",
    ],
)
def test_tampering_is_found(source: str) -> None:
    assert find_tampering([Cell("cell 1", source)]) or "autograder.check =" in source


@pytest.mark.parametrize(
    "source",
    [
        "from autograder import check\ncheck('step', 3)",
        "%matplotlib inline\nimport sys\nprint(sys.version, file=sys.stderr)",
        "model.eval()\nprint(globals()['step'])",
        "import torch\ntorch.backends.cudnn.benchmark = True\nw = torch.ones(3)\nw.grad = None",
        "import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 90",
        "%timeit step(3)",
        "%%timeit -n 10 -r 3\nstep(3)",
        "%load_ext autoreload\n%autoreload 2",
        "%config InlineBackend.figure_format = 'retina'",
        "!pip install {package}",
        "print('google.colab' in str(get_ipython()), get_ipython().__class__)",
        "from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.ast_node_interactivity = 'all'",
        "import pandas as pd\npd.options.display.max_rows = 10",
        "print(f'{vars(optimizer)}', dict(globals()), '{x}'.format(**locals()))\nif 'x' in globals(): pass",
        "import inspect\nfrom autograder import check\nhelp(check)\nprint(inspect.getsource(check), check.__doc__)",
        "class Options:\n    def __init__(self, **given):\n        for k, v in given.items(): setattr(self, k, v)",
        "import importlib, gc\nimportlib.reload(helper)\ngc.collect()\ncode = signal = 3\nprint(code, signal)",
        "def draw(check=False):\n    return print(check)",
        "for name in ['SGD', 'Adam']:\n    getattr(torch.optim, name)(params, lr=0.1)",
    ],
)
def test_ordinary_cells_are_free(source: str) -> None:
    assert find_tampering([Cell("cell 1", source)]) == ""


def test_no_file_beside_a_notebook_is_taken_for_a_library() -> None:
    always = {"__future__", "abc", "collections", "sys", "time", "matplotlib", "numpy", "torch"}
    assert LIBRARIES - always == set(template.LIBRARIES)
