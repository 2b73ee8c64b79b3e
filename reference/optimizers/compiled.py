"""A rule compiled into one pass: each parameter, memory and gradient is read once, each that changes written once.

What is compiled is the rule for one flat tensor of any length, so that one compilation serves every shape. Large
tensors go through it one by one, in place. Small ones, where the call would cost more than the work, are packed
into one flat tensor, moved, and unpacked. All numbers are tensors, so that changing them compiles nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor

from reference.optimizers.ways import Rule, loop

flatten = torch._C._nn.flatten_dense_tensors  # in C++: of a thousand tensors, Python would take longer than the step
unflatten = torch._C._nn.unflatten_dense_tensors
SMALL = 2**16  # elements; on a CPU moving this many takes about as long as one more call
PACK = 2**22  # elements packed at once, so that what is packed stays in the cache
LONGEST = 2**30  # elements in one call: for a GPU the compiler may count in 32 bits, as the example is short
_EXAMPLE = 2**20  # elements of what is compiled for; long enough that the compiler uses every core


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
    scalars = [_scalar(number, device) for number in numbers]
    small = []
    for row in zip(params, *memories, grads, strict=True):
        flat = None if row[0].numel() < SMALL else _flat(row)
        if flat:
            for part in zip(*(torch.split(t, LONGEST) for t in flat), strict=True):
                one_pass(*part, *scalars)
        else:
            small.append(row)
    for rows in _packs(small):
        columns = [list(column) for column in zip(*rows, strict=True)]
        flat = [flatten(column).detach() for column in columns]
        one_pass(*flat, *scalars)
        for column, moved in zip(columns[:-1], flat[:-1], strict=True):
            torch._foreach_copy_(column, unflatten(moved, column))
    return memories


@cache
def compile_rule(
    rule: Rule, memories: int, numbers: int, dtype: torch.dtype, device: torch.device
) -> Callable[..., None]:
    """The function (param, *memories, grad, *numbers) that moves one flat tensor in place; compiled here and now.

    Args:
        rule: where a parameter goes.
        memories: how many tensors the rule remembers of each parameter.
        numbers: how many numbers it takes.
        dtype: of the tensors; the numbers are float64.
        device: of both.

    Raises:
        RuntimeError: where there is no compiler.
    """

    def one_pass(param: Tensor, *others: Tensor) -> tuple[()]:
        remembered, grad, scalars = others[:memories], others[memories], others[memories + 1 :]
        (new,), kept = rule([param], [[m] for m in remembered], [grad], list(scalars))
        param.copy_(new)
        for old, (m,) in zip(remembered, kept, strict=True):
            old.copy_(m)
        return ()

    from torch._inductor import standalone_compile  # here: it takes a second, and who reads and learns needs none
    from torch.fx.experimental.proxy_tensor import make_fx

    example: list[Any] = [torch.ones(_EXAMPLE, dtype=dtype, device=device) for _ in range(memories + 2)]
    example += [_scalar(0.5, device) for _ in range(numbers)]
    try:
        with torch.no_grad():
            # what torch.compile does, without its look at every call whether the graph still fits: dtype and device
            # are this function's own, and it fits every length
            graph = make_fx(one_pass, tracing_mode="symbolic")(*example)
            run: Callable[..., None] = standalone_compile(graph, example, dynamic_shapes="from_graph")
    except Exception as error:
        from torch._inductor.exc import InvalidCxxCompiler, TritonMissing

        if _caused_by(error, InvalidCxxCompiler, TritonMissing):
            raise RuntimeError(
                f"way is 'compiled', and torch.compile finds no compiler for {device.type}; expected g++ or clang++ "
                "on the PATH for a CPU (Debian: apt install g++), Triton for a GPU (pip install triton). "
                "way='foreach' needs neither"
            ) from error
        raise
    return run


def _scalar(number: Any, device: torch.device) -> Tensor:
    if isinstance(number, Tensor):
        return number.to(device, torch.float64)
    return torch.full((), float(number), dtype=torch.float64, device=device)


def _flat(row: tuple[Tensor, ...]) -> list[Tensor] | None:
    """Views of one dimension, where all tensors lie in memory without gaps and in the same order; else None."""
    if all(t.is_contiguous() for t in row):
        return [t.detach().view(-1) for t in row]
    strides = row[0].stride()
    outermost_first = sorted(range(len(strides)), key=lambda dimension: -strides[dimension])
    turned = [t.detach().permute(outermost_first) for t in row]
    return [t.view(-1) for t in turned] if all(t.is_contiguous() for t in turned) else None


def _packs(rows: list[tuple[Tensor, ...]]) -> Iterator[list[tuple[Tensor, ...]]]:
    """Split what is to be packed so that no pack of several tensors has more than `PACK` elements."""
    pack: list[tuple[Tensor, ...]] = []
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
