"""A rule compiled into one pass: each parameter, memory and gradient is read once, each that changes written once.

What is compiled is the rule for rows of `WIDTH` numbers, as many as there are, so that one compilation serves every
shape. Large tensors go through it one by one, in place. Small ones, where the call would cost more than the work, and
what large ones leave over are packed into one flat tensor, moved, and unpacked. All numbers are tensors, so that
changing them compiles nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor

from reference.optimizers.number import Number, StandIns
from reference.optimizers.ways import Rule, loop

flatten = torch._C._nn.flatten_dense_tensors  # in C++: of a thousand tensors, Python would take longer than the step
unflatten = torch._C._nn.unflatten_dense_tensors
SMALL = 2**16  # elements; on a CPU moving this many takes about as long as one more call
PACK = 2**22  # elements packed at once, so that what is packed stays in the cache
LONGEST = 2**30  # elements in one call: for a GPU the compiler may count in 32 bits, as the example is short
WIDTH = 64  # elements of a row: whole vectors on every processor, so that the loop need not ask where the last one ends
_EXAMPLE = 2**14  # rows of what is compiled for; so many that the compiler uses every core


def compiled(
    rule: Rule, params: list[Tensor], memories: list[list[Tensor]], grads: list[Tensor], numbers: list[Any]
) -> list[list[Tensor]]:
    """The whole step as one pass over memory, in place.

    Args and Returns: as for `reference.optimizers.ways.loop`.

    Raises:
        RuntimeError: where there is no compiler: a C++ compiler for a CPU, Triton for a GPU.
    """
    device, dtype = params[0].device, params[0].dtype
    if dtype.is_complex:  # torch.compile has no code for complex numbers
        return loop(rule, params, memories, grads, numbers)
    one_pass = compile_rule(rule, len(memories), len(numbers), dtype, device)
    values = one_pass.values(numbers)
    # autograd has to know that they change, which what is compiled does not tell it
    torch.autograd.graph.increment_version([*params, *chain.from_iterable(memories)])
    large, small = _parts(zip(params, *memories, grads, strict=True))
    for flat in large:
        one_pass.move(flat, values)
    for rows in _packs(small):
        columns = [list(column) for column in zip(*rows, strict=True)]
        gap = torch.zeros(-sum(t.numel() for t in columns[0]) % WIDTH, dtype=dtype, device=device)
        packed = [flatten([*column, gap]) for column in columns]
        one_pass.move(packed, values)
        for column, moved in zip(columns[:-1], packed[:-1], strict=True):
            torch._foreach_copy_(column, unflatten(moved, column))
    return memories


@dataclass(frozen=True)
class OnePass:
    """A compiled rule.

    Attributes:
        run: the function of a list [rows, param, *memories, grad, values], which it empties; moves flat tensors of
            that many rows of `WIDTH` numbers in place.
        met: the numbers whose values it takes, in this order.
        dtype: of the values.
        device: theirs, and of the tensors.
    """

    run: Callable[..., Any]
    met: tuple[Number, ...]
    dtype: torch.dtype
    device: torch.device

    def values(self, numbers: list[Any]) -> Tensor:
        """What `run` takes, from the numbers of a step: numbers, or tensors of one number."""
        return _vector([number.value(numbers) for number in self.met], self.dtype, self.device)

    def move(self, flat: Sequence[Tensor], values: Tensor) -> None:
        """Move a flat parameter of whole rows, with its memories and its gradient, in place."""
        self.run([flat[0].numel() // WIDTH, *flat, values])


@cache
def compile_rule(rule: Rule, memories: int, numbers: int, dtype: torch.dtype, device: torch.device) -> OnePass:
    """The rule as one pass over rows of any number; compiled here and now.

    Args:
        rule: where a parameter goes.
        memories: how many tensors the rule remembers of each parameter.
        numbers: how many numbers it takes.
        dtype: of the tensors; the numbers are as fine, and at least float32.
        device: of both.

    Raises:
        RuntimeError: where there is no compiler.
    """

    def moved(param: Tensor, remembered: Sequence[Tensor], grad: Tensor, stand_ins: StandIns) -> list[Tensor]:
        given = [Number(itemgetter(n), stand_ins) for n in range(numbers)]
        new, kept = rule([param], [[m] for m in remembered], [grad], given)
        return [*new, *(m for (m,) in kept)]

    def one_pass(_rows: int, param: Tensor, *others: Tensor) -> tuple[()]:
        *remembered, grad, values = others
        for old, new in zip((param, *remembered), moved(param, remembered, grad, StandIns(iter(values))), strict=True):
            old.copy_(new)
        return ()

    one, met = torch.ones(1), StandIns(repeat(torch.tensor(1.0)))
    moved(one, [one] * memories, one, met)  # to see which numbers meet a tensor
    fine = torch.promote_types(dtype, torch.float32)
    rows = [torch.ones(_EXAMPLE, WIDTH, dtype=dtype, device=device) for _ in range(memories + 2)]
    try:
        run = _compile(one_pass, [*rows, _vector([1.0] * len(met), fine, device)])
    except Exception as error:
        from torch._inductor.exc import InvalidCxxCompiler, TritonMissing

        if _caused_by(error, InvalidCxxCompiler, TritonMissing):
            raise RuntimeError(
                f"way is 'compiled', and torch.compile finds no compiler for {device.type}; expected g++ or clang++ "
                "on the PATH for a CPU (Debian: apt install g++), Triton for a GPU (pip install triton). "
                "way='foreach' needs neither"
            ) from error
        raise
    return OnePass(run, tuple(met), fine, device)


def _compile(one_pass: Callable[..., Any], given: list[Tensor]) -> Callable[[list[Any]], Any]:
    """`one_pass` for the number of rows and, flattened, tensors like these of as many rows."""
    # here: they take a second, and who reads and learns needs none
    from torch._dynamo.source import ConstantSource
    from torch._guards import TracingContext, tracing
    from torch._inductor.compile_fx import compile_fx_inner
    from torch._inductor.decomposition import select_decomp_table
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext

    # what torch.compile ends in, without what it does at every call: whether the graph still fits (dtype, device and
    # the width of a row are this function's own, and it fits every number of rows), whether something wants a gradient
    fake = FakeTensorMode(shape_env=ShapeEnv())
    shaped: list[Tensor] = [
        fake.from_tensor(
            t,
            source=ConstantSource(f"input{n}"),
            symbolic_context=StatelessSymbolicContext([DimDynamic.DUCK, DimDynamic.STATIC][-t.dim() :]),
        )
        for n, t in enumerate(given)
    ]
    example: list[Any] = [shaped[0].shape[0], *(t.view(-1) for t in shaped)]
    with torch.no_grad(), tracing(TracingContext(fake)):
        graph = make_fx(one_pass, decomposition_table=select_decomp_table())(*example)
        run: Callable[[list[Any]], Any] = compile_fx_inner(graph, example, is_inference=True)
    return run


def _vector(values: list[Any], dtype: torch.dtype, device: torch.device) -> Tensor:
    values = values or [0.0]  # for a rule that needs none, what nobody reads: a tensor is made of something
    if device.type == "cpu":  # `torch.tensor` would take twice as long, a hundredth of a step
        return torch.frombuffer(array("fd"[dtype == torch.float64], map(float, values)), dtype=dtype)
    # filled there one by one: a CUDA graph can record no copy from Python's memory
    return torch.stack(
        [
            value.to(device, dtype) if isinstance(value, Tensor) else torch.full((), value, dtype=dtype, device=device)
            for value in values
        ]
    )


def _parts(rows: Iterable[tuple[Tensor, ...]]) -> tuple[list[Sequence[Tensor]], list[Sequence[Tensor]]]:
    """What to move one by one, flat and of whole rows of `WIDTH`, and what to pack."""
    large: list[Sequence[Tensor]] = []
    small: list[Sequence[Tensor]] = []
    for row in rows:
        length = row[0].numel()
        flat = None if length < SMALL else _flat(row)
        if flat is None:
            small.append(row)
            continue
        whole = length - length % WIDTH
        for start in range(0, whole, LONGEST):
            end = min(whole, start + LONGEST)
            large.append(flat if end - start == length else [t[start:end] for t in flat])
        if whole < length:
            small.append([t[whole:] for t in flat])
    return large, small


def _flat(row: tuple[Tensor, ...]) -> Sequence[Tensor] | None:
    """Views of one dimension, where all tensors lie in memory without gaps and in the same order; else None."""
    if all(t.is_contiguous() for t in row):
        return row if row[0].dim() == 1 else [t.view(-1) for t in row]
    strides = row[0].stride()
    outermost_first = sorted(range(len(strides)), key=lambda dimension: -strides[dimension])
    turned = [t.permute(outermost_first) for t in row]
    return [t.view(-1) for t in turned] if all(t.is_contiguous() for t in turned) else None


def _packs(rows: list[Sequence[Tensor]]) -> Iterator[list[Sequence[Tensor]]]:
    """Split what is to be packed so that no pack of several tensors has more than `PACK` elements."""
    pack: list[Sequence[Tensor]] = []
    elements = 0
    for row in rows:
        if not row[0].numel():
            continue
        if pack and elements + row[0].numel() > PACK:
            yield pack
            pack, elements = [], 0
        pack.append(row)
        elements += row[0].numel()
    if pack:
        yield pack


def _caused_by(error: BaseException | None, *kinds: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kinds) or isinstance(getattr(error, "inner_exception", None), kinds):
            return True
        error = error.__cause__ or error.__context__
    return False
