"""Places of remembered frames: by what they are found, and what they say about each object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

LIFE_AT_BIRTH = 1e-7
"""Keeps usage per read finite before the first read."""


@dataclass(frozen=True, slots=True)
class Elements:
    """N elements for the objects of one group.

    key:       (N, Ck) float32
    shrinkage: (N,)    float32, at least 1
    selection: (N, Ck) float32 in [0, 1]
    value:     (N, objects, Cv) float32
    inside:    (N, objects) float32 in [0, 1], how much of the place was each object
    usage:     (N,)    float32, affinity received so far, over all places that asked
    life:      (N,)    float32, number of reads so far
    """

    key: Tensor
    shrinkage: Tensor
    selection: Tensor
    value: Tensor
    inside: Tensor
    usage: Tensor
    life: Tensor

    def __len__(self) -> int:
        return len(self.key)

    @property
    def usage_per_read(self) -> Tensor:
        return self.usage / self.life

    def part(self, start: int, stop: int) -> Elements:
        """Return the elements start <= i < stop, sharing memory."""
        return Elements(*(getattr(self, field.name)[start:stop] for field in fields(self)))

    def taken(self, indices: Tensor) -> Elements:
        """Return the elements with these indices, copied."""
        return Elements(*(getattr(self, field.name)[indices] for field in fields(self)))

    def of_objects(self, columns: Sequence[int]) -> Elements:
        """Return the elements with the values of some of the objects only; counts are copied, for they will differ."""
        value, inside = (part[:, list(columns)].contiguous() for part in (self.value, self.inside))
        return Elements(self.key, self.shrinkage, self.selection, value, inside, self.usage.clone(), self.life.clone())


def new_elements(key: Tensor, shrinkage: Tensor, selection: Tensor, value: Tensor, inside: Tensor) -> Elements:
    """Make elements of one frame, never read yet.

    key, selection: (1, Ck, h, w); shrinkage: (1, 1, h, w); value: (objects, Cv, h, w); inside: (objects, h, w)
    """
    usage = torch.zeros(key.shape[-2] * key.shape[-1], device=key.device)
    return Elements(
        places(key),
        shrinkage.flatten().contiguous(),
        places(selection),
        value.flatten(2).permute(2, 0, 1).contiguous(),
        inside.flatten(1).T.contiguous(),
        usage,
        torch.full_like(usage, LIFE_AT_BIRTH),
    )


def places(grid: Tensor) -> Tensor:
    """(1, C, h, w) -> (h * w, C)."""
    return grid[0].flatten(1).T.contiguous()


def joined(parts: Sequence[Elements]) -> Elements:
    """Return the elements of all parts, in order."""
    return Elements(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Elements)))
