"""The newest questions, kept on the device that learns, each seen several times in several guises."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from training.segmenter.questions import LOOK
from videdit_plugins.builtin.segmenter.planes import COUNT

ROOM = {"cuda": 12_000, "cpu": 1_000}
"""Questions kept, 1 MiB each."""
MIRRORED, UPSIDE_DOWN, TRANSPOSED = 0.5, 0.2, 0.2
TINT = 0.1
_RIGHT, _DOWN = 17, 18
"""Planes of the direction of motion."""


class Pool:
    """Questions and truths; the oldest make room for new ones."""

    def __init__(self, device: str) -> None:
        self._room = ROOM[torch.device(device).type]
        self._shown = torch.zeros((self._room, COUNT, LOOK, LOOK), dtype=torch.float16, device=device)
        self._truth = torch.zeros((self._room, LOOK, LOOK), dtype=torch.bool, device=device)
        self.received = 0

    def add(self, shown: Tensor, truth: Tensor) -> None:
        """Take (N, COUNT, LOOK, LOOK) questions and (N, LOOK, LOOK) truths."""
        places = (self.received + torch.arange(len(shown), device=shown.device)) % self._room
        self._shown[places] = shown.half()
        self._truth[places] = truth
        self.received += len(shown)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Return some questions and their truths, float32, varied."""
        places = torch.randint(min(self.received, self._room), (count,), device=self._shown.device)
        return varied(self._shown[places].float(), self._truth[places].float())


def varied(shown: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror and transpose (N, COUNT, S, S) questions and (N, S, S) truths at random, and change their colours."""
    for chance, change in ((MIRRORED, _mirrored), (UPSIDE_DOWN, _upside_down), (TRANSPOSED, _transposed)):
        shown, truth = _sometimes(chance, change, shown, truth)
    shape = (len(shown), 1, 1, 1)
    gain = 1 + TINT * torch.randn(shape, device=shown.device)
    tint = TINT * torch.randn((len(shown), 3, 1, 1), device=shown.device)
    return torch.cat([shown[:, :3] * gain + tint, shown[:, 3:]], 1), truth


def _sometimes(
    chance: float, change: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], shown: Tensor, truth: Tensor
) -> tuple[Tensor, Tensor]:
    chosen = torch.rand(len(shown), device=shown.device) < chance
    changed = change(shown, truth)
    return (
        torch.where(chosen[:, None, None, None], changed[0], shown),
        torch.where(chosen[:, None, None], changed[1], truth),
    )


def _mirrored(shown: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    changed = shown.flip(-1)
    changed[:, _RIGHT] *= -1
    return changed, truth.flip(-1)


def _upside_down(shown: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    changed = shown.flip(-2)
    changed[:, _DOWN] *= -1
    return changed, truth.flip(-2)


def _transposed(shown: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    changed = shown.transpose(-1, -2).clone()
    changed[:, [_RIGHT, _DOWN]] = changed[:, [_DOWN, _RIGHT]]
    return changed, truth.transpose(-1, -2)
