"""Launch many small kernels as one CUDA graph, captured once for each size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

_KEPT = 2
"""A shot's first and last windows are shorter than those between, which are all alike."""
_WARM_UPS = 2


class _Captured(NamedTuple):
    graph: torch.cuda.CUDAGraph
    inputs: tuple[Tensor, ...]
    output: Tensor


class Graphed:
    """Calls a function of CUDA tensors, without gradient, by replaying its graph.

    Where a graph cannot be captured, it calls the function. Weights may change in place, not move.

    most_bytes: of all inputs; with more of them the kernels are long, and a graph gains nothing but holds memory
    """

    def __init__(self, function: Callable[..., Tensor], most_bytes: int) -> None:
        self._function = function
        self._most_bytes = most_bytes
        self._captured: OrderedDict[tuple[object, ...], _Captured | None] = OrderedDict()

    def __call__(self, *given: Tensor) -> Tensor:
        """Return what the function returns."""
        if not given[0].is_cuda or sum(tensor.nbytes for tensor in given) > self._most_bytes:
            return self._function(*given)
        key = tuple((tensor.shape, tensor.dtype, tensor.device) for tensor in given)
        if key not in self._captured:
            self._captured[key] = self._capture(given)
            while len(self._captured) > _KEPT:
                self._captured.popitem(last=False)
        self._captured.move_to_end(key)
        captured = self._captured[key]
        if captured is None:
            return self._function(*given)
        with torch.inference_mode():
            for held, tensor in zip(captured.inputs, given, strict=True):
                held.copy_(tensor)
            captured.graph.replay()
            return captured.output.clone()

    def _capture(self, given: tuple[Tensor, ...]) -> _Captured | None:
        """Return the graph, or None if there cannot be one."""
        with torch.inference_mode(), torch.cuda.device(given[0].device):
            inputs = tuple(tensor.clone() for tensor in given)
            aside: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(_WARM_UPS):
                    self._function(*inputs)
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            try:
                with torch.cuda.graph(graph):
                    output = self._function(*inputs)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError:
                return None
            return _Captured(graph, inputs, output)
