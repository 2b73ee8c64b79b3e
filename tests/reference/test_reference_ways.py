"""A rule runs three ways, and nobody sees a difference but the clock."""

import copy
import pickle
import shutil
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import torch

from reference.optimizers import Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSprop, compiled
from reference.optimizers.compiled import PACK, SMALL, compile_rule
from reference.optimizers.number import Number, StandIns
from reference.optimizers.ways import WAYS, Tensors

CLASSES = [GradientDescent, Momentum, Nesterov, RMSprop, Adam, AdamW]
OURS: dict[Any, dict[str, Any]] = {  # hyper-parameters away from their defaults, so that none can be left out unseen
    GradientDescent: {},
    Momentum: {"momentum": 0.7},
    Nesterov: {"momentum": 0.7},
    RMSprop: {"alpha": 0.8, "eps": 1e-3},
    Adam: {"betas": (0.8, 0.95), "eps": 1e-3},
    AdamW: {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.3},
}
EVERY = pytest.mark.parametrize("optimizer_class", CLASSES)
COMPILER = pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")),
    reason="torch.compile needs a C++ compiler on the PATH; on Debian: apt install g++",
)
CUDA = [
    pytest.mark.cuda,
    pytest.mark.skipif(
        not torch.cuda.is_available(),
        reason="torch sees no CUDA device; on a machine with one, run: pytest -m cuda tests/reference",
    ),
]
COMPILED = pytest.param("compiled", marks=[COMPILER, pytest.mark.slow])
PUSHED = {"weight_decay": 0.2, "maximize": True}


def tensors(dtype: torch.dtype = torch.float64, device: str = "cpu") -> list[torch.Tensor]:
    """Of every form: no element, one, a few; large; large with another order in memory; large with gaps."""
    generator = torch.Generator().manual_seed(7)
    drawn = [torch.rand(shape, generator=generator) + 0.5 for shape in [(0,), (), (3, 2), (1,), (SMALL + 3,)]]
    drawn.append((torch.rand(4, 260, 256, generator=generator) + 0.5).permute(1, 2, 0))
    drawn.append((torch.rand(2 * SMALL, 3, generator=generator) + 0.5)[::2, :2])
    return [t.to(device=device, dtype=dtype) if t.is_contiguous() else moved(t, dtype, device) for t in drawn]


def moved(t: torch.Tensor, dtype: torch.dtype, device: str) -> torch.Tensor:
    whole = torch.empty(t.untyped_storage().nbytes() // t.element_size(), dtype=dtype, device=device)
    return whole.as_strided(t.shape, t.stride()).copy_(t)


def give_grads(params: list[torch.Tensor], step: int) -> None:
    for p in params:
        p.grad = ((p.detach() * (17 + step)) % 1 + 0.1).to(p.dtype)


def second_step(optimizer_class: Any, way: str, dtype: torch.dtype, device: str, options: dict[str, Any]) -> Any:
    """Parameters and memories after a step in this way, from where a first one in a loop has led."""
    params = [t.requires_grad_() for t in tensors(dtype, device)]
    optimizer = optimizer_class(params, lr=0.05, **{**OURS[optimizer_class], **options})
    for step, optimizer.way in enumerate(["loop", way]):
        give_grads(params, step)
        optimizer.step()
    return [*params, *(optimizer.state[p][name] for p in params for name in optimizer.remembers)]


def ulps_apart(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference in units in the last place of the larger."""
    if not ours.numel():
        return 0.0
    exponent = torch.frexp(torch.maximum(ours.abs(), theirs.abs()).double()).exponent - 1
    ulp = torch.ldexp(torch.full_like(exponent, 1.0, dtype=torch.float64), exponent) * torch.finfo(ours.dtype).eps
    return float(((ours.double() - theirs.double()).abs() / ulp).max())


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=CUDA)])
@pytest.mark.parametrize(
    ("dtype", "options"),
    [
        pytest.param(torch.float64, PUSHED, id="float64-decay-ascent"),
        pytest.param(torch.float32, PUSHED, id="float32-decay-ascent"),
        pytest.param(torch.float32, {}, id="float32"),
        pytest.param(torch.bfloat16, {}, id="bfloat16"),
    ],
)
@pytest.mark.parametrize("way", ["foreach", COMPILED])
@EVERY
def test_the_ways_agree(
    optimizer_class: Any, way: str, dtype: torch.dtype, options: dict[str, Any], device: str
) -> None:
    # in bfloat16 a loop rounds after every operation, and what is compiled only at the end; and torch's own root on a
    # CPU may be an ulp off, which the compiled one is not
    rooted = "square" in optimizer_class.remembers
    rounds_alike = device == "cpu" and (way == "foreach" or (dtype != torch.bfloat16 and not rooted))
    expected, ours = (second_step(optimizer_class, w, dtype, device, options) for w in ("loop", way))
    for tensor, theirs in zip(ours, expected, strict=True):
        assert tensor.stride() == theirs.stride()
        assert ulps_apart(tensor.detach(), theirs.detach()) <= (0 if rounds_alike else 2)


@pytest.mark.parametrize("way", ["loop", "foreach", COMPILED])
@EVERY
def test_the_one_place_of_a_parameter_is_kept_and_its_gradient_is_not_touched(optimizer_class: Any, way: str) -> None:
    w = torch.arange(6.0, dtype=torch.float64).reshape(2, 3).requires_grad_()
    memory, grad = w.data_ptr(), torch.full_like(w, 0.5)
    w.grad = grad
    optimizer = optimizer_class([w], lr=0.1, way=way)
    for _ in range(2):
        optimizer.step()
    assert (w.data_ptr(), w.is_leaf, w.requires_grad) == (memory, True, True)
    assert w.grad is grad
    assert set(grad.flatten().tolist()) == {0.5}
    assert all(m.data_ptr() != grad.data_ptr() for m in optimizer.state[w].values() if isinstance(m, torch.Tensor))


@pytest.mark.parametrize("way", ["loop", "foreach", COMPILED])
def test_autograd_learns_that_a_parameter_it_still_needs_has_moved(way: str) -> None:
    params = [torch.ones(shape, requires_grad=True) for shape in [(2,), (2, SMALL + 1)]]
    losses = [(p**2).sum() for p in params]
    give_grads(params, 0)
    GradientDescent(params, lr=0.1, way=way).step()
    for loss in losses:
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def uses(optimizer_class: Any, way: str, after: str, large: bool) -> list[torch.Tensor]:
    """Two groups, one parameter late, lr falling; after four steps the state goes on in another way."""
    shapes = [(SMALL + 5,), (2, 3)] if large else [(3,), (2, 3)]
    early, late = (torch.linspace(0.5, 1.5, 2 * SMALL)[: torch.Size(s).numel()].reshape(s).double() for s in shapes)
    params = [early.clone().requires_grad_(), late.clone().requires_grad_()]

    def make(way: str) -> Any:
        optimizer = optimizer_class([{"params": params[:1]}, {"params": params[1:], "lr": 0.02}], lr=0.1, way=way)
        return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.3)

    optimizer, scheduler = make(way)
    path = []
    for t in range(7):
        if t == 4:
            states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
            optimizer, scheduler = make(after)
            optimizer.load_state_dict(states[0])
            scheduler.load_state_dict(states[1])
            assert optimizer.way == after
        optimizer.zero_grad()
        ((params[0] ** 2).sum() + ((params[1] ** 4).sum() if t >= 2 else 0)).backward()
        optimizer.step()
        scheduler.step()
        path.append(torch.cat([p.detach().flatten() for p in params]))
    return path


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize(
    ("way", "after"),
    [
        ("foreach", "loop"),
        pytest.param("compiled", "foreach", marks=COMPILED.marks),
        pytest.param("loop", "compiled", marks=COMPILED.marks),
    ],
)
@EVERY
def test_groups_a_late_parameter_a_scheduler_and_a_state_from_another_way(
    optimizer_class: Any, way: str, after: str, large: bool
) -> None:
    loop = uses(optimizer_class, "loop", "loop", large)
    torch.testing.assert_close(uses(optimizer_class, way, after, large), loop, rtol=1e-13, atol=1e-14)
    assert not torch.equal(loop[1][-6:], loop[2][-6:])


@pytest.fixture
def compilations() -> Callable[[], int]:
    """How many graphs have been compiled since the test began."""
    before = compile_rule.cache_info().misses
    return lambda: compile_rule.cache_info().misses - before


@COMPILER
@pytest.mark.slow
@EVERY
def test_nothing_is_compiled_again_when_numbers_shapes_or_parameters_change(
    optimizer_class: Any, compilations: Callable[[], int]
) -> None:
    first = torch.ones(5, 3, dtype=torch.float64, requires_grad=True)
    optimizer = optimizer_class([first], lr=0.1, way="compiled")
    give_grads([first], 0)
    optimizer.step()
    at_first = compilations()
    group = optimizer.param_groups[0]
    for step, late in enumerate(tensors()):
        optimizer.add_param_group({"params": [late.requires_grad_()], "lr": 0.01 * step})
        group["lr"] *= 0.9
        for name in {"momentum", "alpha"} & group.keys():
            group[name] *= 0.9
        give_grads([first, late], step)
        optimizer.step()
    group["lr"] = torch.tensor(0.05)
    optimizer.step()
    assert at_first <= 1
    assert compilations() == at_first


@COMPILER
@pytest.mark.slow
def test_the_compiler_is_started_once_for_a_rule_a_dtype_and_a_decay(compilations: Callable[[], int]) -> None:
    class Fresh(Momentum):
        def rule(self) -> Any:
            return fresh_rule

    def fresh_rule(params: Any, velocities: Any, grads: Any, lr: Any, momentum: Any) -> Any:
        return [p - lr * g for p, g in zip(params, grads, strict=True)], velocities

    for dtype, weight_decay, expected in [
        (torch.float64, 0.0, 1),
        (torch.float64, 0.0, 1),
        (torch.float32, 0.0, 2),
        (torch.float64, 0.1, 3),
        (torch.float64, 0.2, 3),
    ]:
        w = torch.ones(3, dtype=dtype, requires_grad=True)
        give_grads([w], 0)
        Fresh([w], lr=0.1, weight_decay=weight_decay, way="compiled").step()
        assert compilations() == expected


@pytest.mark.parametrize("way", ["loop", "foreach", COMPILED])
@pytest.mark.parametrize(
    "others", [pytest.param(["cpu"], id="dtypes"), pytest.param(["cpu", "cuda"], marks=CUDA, id="devices")]
)
def test_dtypes_and_devices_may_be_mixed_in_a_group(way: str, others: list[str]) -> None:
    params = [
        torch.ones(4, dtype=dtype, device=device, requires_grad=True)
        for dtype in (torch.float64, torch.float32, torch.complex64)
        for device in others
    ]
    optimizer = Momentum(params, lr=0.25, momentum=0.5, way=way)
    for _ in range(2):
        for p in params:
            p.grad = torch.ones_like(p)
        optimizer.step()
    assert [p.tolist() for p in params] == [[0.375] * 4] * len(params)


@COMPILER
@pytest.mark.slow
def test_more_than_one_pack_of_small_tensors() -> None:
    count = PACK // SMALL + 2
    params = [torch.full((SMALL - 1,), float(i), requires_grad=True) for i in range(count)]
    for p in params:
        p.grad = torch.ones_like(p)
    GradientDescent(params, lr=0.5, way="compiled").step()
    assert [set(p.tolist()) for p in params] == [{i - 0.5} for i in range(count)]


@pytest.mark.parametrize("way", WAYS)
@EVERY
def test_a_sparse_gradient_is_refused_in_every_way(optimizer_class: Any, way: str) -> None:
    embedding = torch.nn.Embedding(4, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(ValueError, match=rf"^{optimizer_class.__name__} has no rule for sparse gradients"):
        optimizer_class(embedding.parameters(), lr=0.1, way=way).step()


@EVERY
@pytest.mark.parametrize("way", ["fused", None, "Loop"])
def test_a_way_that_there_is_not_is_refused(optimizer_class: Any, way: Any) -> None:
    with pytest.raises(ValueError, match=rf"^way is {way!r}; expected one of 'loop', 'foreach', 'compiled'$"):
        optimizer_class([torch.ones(1, requires_grad=True)], lr=0.1, way=way)


def test_a_copied_or_pickled_optimizer_keeps_its_way() -> None:
    optimizer = Momentum([torch.ones(1, requires_grad=True)], lr=0.1, way="foreach")
    assert copy.deepcopy(optimizer).way == "foreach"
    assert pickle.loads(pickle.dumps(optimizer)).way == "foreach"


@pytest.mark.parametrize("lr", [0.5, torch.tensor(0.5)], ids=["number", "tensor"])
@pytest.mark.parametrize("way", ["loop", "foreach", COMPILED])
def test_an_lr_is_a_number_or_a_tensor(way: str, lr: Any) -> None:
    w = torch.ones(2, dtype=torch.float64, requires_grad=True)
    w.grad = torch.ones_like(w)
    GradientDescent([w], lr=lr, way=way).step()
    assert w.tolist() == [0.5, 0.5]


def test_tensors_calculate_like_one() -> None:
    a, b = [torch.tensor([4.0]), torch.tensor([9.0, 16.0])], [torch.tensor([2.0]), torch.tensor([1.0, 4.0])]
    many = (Tensors(a) + 1 - Tensors(b)) * Tensors(b) / 2 + -(Tensors(a).sqrt() ** 2)
    expected = [(x + 1 - y) * y / 2 + -(x.sqrt() ** 2) for x, y in zip(a, b, strict=True)]
    assert [t.tolist() for t in many.tensors] == [t.tolist() for t in expected]


def test_numbers_calculate_apart_until_they_meet_a_tensor() -> None:
    ones = torch.ones(2)
    stand_ins = StandIns(iter(torch.tensor([2.0, 4.0, 8.0, 0.125])))
    a, b = (Number(itemgetter(n), stand_ins) for n in range(2))
    alone = (1 + a) * (b - 2) / 4 - (3 - a) / (2 / b) + b * a
    met = [alone * ones, ones - a, ones * a, a - ones, ones.sqrt() + b, ones / b]
    assert [t.tolist() for t in met] == [[x] * 2 for x in (2.0, -3.0, 4.0, 3.0, 9.0, 0.125)]
    assert [number.value([3.0, 8.0]) for number in stand_ins] == [30.0, 3.0, 8.0, 0.125]


@COMPILER
@pytest.mark.slow
def test_a_rule_may_need_no_number() -> None:
    class Unscaled(GradientDescent):
        def rule(self) -> Any:
            return lambda params, grads, lr: ([p - g for p, g in zip(params, grads, strict=True)],)

    w = torch.ones(3, requires_grad=True)
    w.grad = torch.full((3,), 0.25)
    Unscaled([w], lr=0.1, way="compiled").step()
    assert w.tolist() == [0.75] * 3


@COMPILER
@pytest.mark.slow
def test_a_tensor_longer_than_one_call_may_count_is_moved_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "LONGEST", SMALL)
    w = torch.arange(2.5 * SMALL, requires_grad=True)
    w.grad = torch.ones_like(w)
    GradientDescent([w], lr=0.5, way="compiled").step()
    assert torch.equal(w.detach(), torch.arange(2.5 * SMALL) - 0.5)


@COMPILER
@pytest.mark.slow
def test_without_a_compiler_the_error_says_so_and_another_way_still_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fresh_rule(params: Any, grads: Any, lr: Any) -> Any:
        return ([p - 3 * lr * g for p, g in zip(params, grads, strict=True)],)

    class Fresh(GradientDescent):
        def rule(self) -> Any:
            return fresh_rule

    w = torch.ones(2, requires_grad=True)
    w.grad = torch.ones(2)
    GradientDescent([w], lr=0.0, way="compiled").step()  # torch asks once a process what the processor can do
    from torch._inductor import cpp_builder  # late: importing it takes seconds

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    cpp_builder.cpp_compiler_search.cache_clear()
    optimizer = Fresh([w], lr=0.5, way="compiled")
    with pytest.raises(RuntimeError, match=r"^way is 'compiled', and torch.compile finds no compiler for cpu; "):
        optimizer.step()
    assert w.tolist() == [1, 1]
    optimizer.way = "foreach"
    optimizer.step()
    assert w.tolist() == [-0.5, -0.5]
