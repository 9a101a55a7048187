"""Replay the network as CUDA graphs: a frame is hundreds of small kernels, and starting them takes longer than they do.

Source: CUDA graphs as PyTorch has them, `torch.cuda.CUDAGraph`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

BEFORE_CAPTURE = 2
"""Calls with new shapes that run as usual: they load what a capture must not load, and what comes once needs none."""
GRAPHS_KEPT = 12
"""Each holds what lies between its layers, some 200 MB at 480p; beyond that number calls run as usual."""

Call = Callable[..., tuple[Tensor, ...]]


class Graphs:
    """Records functions of tensors the third time their shapes come by, and replays them from then on.

    What cannot be recorded is run as usual, and `refused` says why.
    """

    def __init__(self) -> None:
        self.refused: Exception | None = None
        self._seen: dict[object, int] = {}
        self._recorded: dict[object, _Recorded] = {}
        self._pool: Any = None

    def run(self, name: str, call: Call, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what `call` makes of `inputs`; `name` tells calls apart that take the same shapes."""
        if self.refused is not None:
            return call(*inputs)
        key = (name, *((one.shape, one.dtype, one.device) for one in inputs))
        recorded = self._recorded.get(key)
        if recorded is None:
            seen = self._seen[key] = self._seen.get(key, 0) + 1
            if seen <= BEFORE_CAPTURE or len(self._recorded) >= GRAPHS_KEPT:
                return call(*inputs)
            try:
                recorded = self._recorded[key] = self._record(call, inputs)
            except Exception as error:  # drivers refuse in many ways, and none of them is a reason not to track
                self.refused = error
                self._recorded.clear()
                return call(*inputs)
        return recorded.replay(inputs)

    def _record(self, call: Call, inputs: tuple[Tensor, ...]) -> _Recorded:
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        return _Recorded(call, inputs, self._pool)


class _Recorded:
    """One graph, with the tensors that it reads and writes."""

    def __init__(self, call: Call, inputs: tuple[Tensor, ...], pool: Any) -> None:
        self._inputs = [one.clone() for one in inputs]
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may go on using the card meanwhile.
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._outputs = call(*self._inputs)

    def replay(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Copy in, replay, copy out: the next replay, of any graph of the pool, overwrites what this one wrote."""
        for own, given in zip(self._inputs, inputs, strict=True):
            own.copy_(given)
        self._graph.replay()
        return tuple(one.clone() for one in self._outputs)
