"""Samples at hand, kept where they are learned from, and drawn with small changes that leave the answer as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.walks import CUE_SCALE, SIDE, Sample

LAB, INSIDE, CUES = slice(0, 9), slice(9, 11), slice(11, 24)
TRUTH = 24
PLANES = 25
SIGN = 128
"""Cues are kept as unsigned bytes, so much larger."""
LIGHTER, STRONGER, TINTED, NOISY = 0.08, 0.15, 0.15, 0.04
STRETCHED, SHIFTED = 0.12, 0.06
NEARER, NEAREST = 0.4, 1.6
"""Chance of a closer look, and the closest. Large objects fill a window of more pixels than clips have."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the network is asked and should say.

    pictures: (3, B, 3, S, S) about [-2, 2]: now, on the last frame, on the given one
    inside:   (B, 2, S, S) in [0, 1]: on the last frame, on the given one
    cues:     (B, 13, S, S)
    truth:    (B, 1, S, S) in [0, 1]
    """

    pictures: Tensor
    inside: Tensor
    cues: Tensor
    truth: Tensor

    @classmethod
    def of(cls, planes: Tensor) -> Batch:
        """Unpack (B, 25, S, S) of [0, 255]."""
        values = planes.float()
        pictures = (values[:, LAB].reshape(len(planes), 3, 3, SIDE, SIDE) - 128).transpose(0, 1) / 48
        cues = (values[:, CUES] - SIGN) / CUE_SCALE
        return cls(pictures, values[:, INSIDE] / 255, cues, values[:, TRUTH, None] / 255)


def pack(samples: list[Sample]) -> NDArray[np.uint8]:
    """Return (N, 25, S, S) uint8: Lab of three frames, two masks, the cues and the truth."""
    packed = np.empty((len(samples), PLANES, SIDE, SIDE), np.uint8)
    for row, one in zip(packed, samples, strict=True):
        row[LAB] = one.lab.transpose(0, 3, 1, 2).reshape(9, SIDE, SIDE)
        row[INSIDE] = one.inside
        row[CUES] = (one.cues.astype(np.int16) + SIGN).astype(np.uint8)
        row[TRUTH] = one.truth
    return packed


class Pool:
    """The last samples that came, at most `capacity`, on `device`."""

    def __init__(self, capacity: int, device: str, seed: int) -> None:
        self.planes = torch.empty((capacity, PLANES, SIDE, SIDE), dtype=torch.uint8, device=device)
        self._random = torch.Generator(device).manual_seed(seed)
        self.added = 0

    def __len__(self) -> int:
        return min(self.added, len(self.planes))

    def add(self, packed: NDArray[np.uint8]) -> None:
        """Take in (N, 25, S, S) uint8 in place of the oldest."""
        places = (self.added + torch.arange(len(packed))) % len(self.planes)
        self.planes[places.to(self.planes.device)] = torch.from_numpy(packed).to(self.planes.device)
        self.added += len(packed)

    def draw(self, count: int) -> Batch:
        """Return `count` samples: half of them mirrored, some seen from nearer, all in another light."""
        chosen = torch.randint(len(self), (count,), generator=self._random, device=self.planes.device)
        batch = Batch.of(self._framed(self.planes[chosen].float()))
        return Batch(self._lit(batch.pictures), batch.inside, self._doubted(batch.cues), batch.truth)

    def _framed(self, planes: Tensor) -> Tensor:
        """Return (B, 25, S, S) mirrored or not, and some of them a part of themselves, enlarged."""
        count, _, height, width = planes.shape
        device = planes.device
        mirrored, nearer, how_near, across, down = torch.rand((5, count), generator=self._random, device=device)
        share = torch.where(nearer < NEARER, 1 - (1 - 1 / NEAREST) * how_near, 1.0)
        theta = torch.zeros((count, 2, 3), device=device)
        theta[:, 0, 0] = torch.where(mirrored < 0.5, -share, share)
        theta[:, 1, 1] = share
        theta[:, :, 2] = (torch.stack([across, down], dim=1) * 2 - 1) * (1 - share[:, None])
        grid = functional.affine_grid(theta, [count, 1, height, width], align_corners=False)
        return functional.grid_sample(planes, grid, "bilinear", "reflection", align_corners=False)

    def _doubted(self, cues: Tensor) -> Tensor:
        """Return the cues, each a little stronger or weaker, but for the log odds, which the answer adds to."""
        shape = (len(cues), cues.shape[1] - 1, 1, 1)
        gain, shift = torch.randn((2, *shape), generator=self._random, device=cues.device)
        return torch.cat([cues[:, :-1] * (1 + STRETCHED * gain) + SHIFTED * shift, cues[:, -1:]], dim=1)

    def _lit(self, pictures: Tensor) -> Tensor:
        """Return the pictures with contrast, colours and noise changed, those of a sample alike."""
        _, count, _, _, _ = pictures.shape

        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=self._random, device=pictures.device)

        contrast = torch.exp(LIGHTER * normal(count, 1))
        strength = torch.exp(STRONGER * normal(count, 1)).expand(-1, 2)
        gain = torch.cat([contrast, strength], dim=1)[None, :, :, None, None]
        shift = (TINTED * normal(count, 3))[None, :, :, None, None]
        noise = NOISY * normal(1, count, 1, 1, 1).abs()
        return pictures * gain + shift + noise * normal(*pictures.shape)
