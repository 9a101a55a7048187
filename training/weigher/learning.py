"""The network as it is trained, and how far its blend is from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.weigher.lessons import Lesson
from videdit_plugins.builtin.filler.cues import CUES, SHARE, WEIGHT
from videdit_plugins.builtin.filler.weighing import MOST, WIDTH

OUTLIER_CODES = 30.0
"""As in `blending`, after whose choice of eight the network's word goes on."""
NOISE = 8.0
"""Squared codes that no blend gets below: what is nearly right must not count for more than what is wrong."""


class WeigherNetwork(nn.Module):
    """The layers that `weighing` computes with NumPy; what they say is 0 before the first lesson."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Linear(CUES, WIDTH)
        self.compare = nn.Linear(3 * WIDTH, WIDTH)
        self.say = nn.Linear(WIDTH, 1)
        nn.init.zeros_(self.say.weight)
        nn.init.zeros_(self.say.bias)

    def forward(self, cues: Tensor) -> Tensor:
        """Return the logarithms of factors, (squares, views), of (squares, views, cues)."""
        looked = functional.relu(self.look(cues))
        weight = cues[..., WEIGHT, None]
        mean = (looked * weight).sum(1, keepdim=True) / (weight.sum(1, keepdim=True) + 1e-3)
        largest = (looked * (cues[..., SHARE, None] > 0)).amax(1, keepdim=True)
        together = torch.cat([looked, mean.expand_as(looked), largest.expand_as(looked)], dim=-1)
        said: Tensor = self.say(functional.relu(self.compare(together)))[..., 0]
        return said.clamp(-MOST, MOST)


@dataclass(frozen=True, slots=True)
class Batch:
    """Squares of several lessons; a lesson with fewer views than the others is given some that show nothing.

    Fields as of `Lesson`, in float32.

    weight: (squares,) float32, so that every hole counts alike, as in dB
    """

    cues: Tensor
    fit: Tensor
    rgb: Tensor
    goal: Tensor
    asked: Tensor
    weight: Tensor


def usual_error(lesson: Lesson) -> float:
    """Return the mean square error of the rules."""
    batch = _stacked([(lesson, np.arange(len(lesson.cues)), np.arange(lesson.cues.shape[1]), 1.0)])
    return float(loss(batch, None))


def drawn(lessons: list[tuple[Lesson, float]], squares: int, random: np.random.Generator) -> Batch:
    """Draw so many squares of each lesson, which come with the errors of the rules.

    Of every second lesson some of the views only: a film may show a place less often.
    """
    parts = []
    for lesson, usual in lessons:
        count = lesson.cues.shape[1]
        fewer = count if random.random() < 0.5 else max(min(4, count), int(count * random.uniform(0.6, 1)))
        views = np.sort(random.permutation(count)[:fewer])
        parts.append((lesson, random.integers(len(lesson.cues), size=squares), views, 1 / (usual + NOISE)))
    return _stacked(parts)


def _stacked(parts: list[tuple[Lesson, NDArray[np.int64], NDArray[np.int64], float]]) -> Batch:
    most = max(len(views) for _, _, views, _ in parts)

    def joined(name: str, empty: float) -> Tensor:
        planes = []
        for lesson, squares, views, _ in parts:
            plane = getattr(lesson, name)[squares][:, views].astype(np.float32)
            padded = np.full((len(squares), most, *plane.shape[2:]), empty, np.float32)
            padded[:, : len(views)] = plane
            planes.append(padded)
        return torch.from_numpy(np.concatenate(planes))

    def plain(name: str) -> Tensor:
        return torch.from_numpy(np.concatenate([getattr(lesson, name)[squares] for lesson, squares, _, _ in parts]))

    weight = np.concatenate([np.full(len(squares), one, np.float32) for _, squares, _, one in parts])
    fit = joined("fit", -np.inf)
    asked = plain("asked") & torch.isfinite(fit).any(dim=1)
    return Batch(joined("cues", 0), fit, joined("rgb", 0), plain("goal").float(), asked, torch.from_numpy(weight))


def loss(batch: Batch, network: WeigherNetwork | None) -> Tensor:
    """Return the mean square error of the blend where it is asked, weighted; without the network that of the rules."""
    fit = batch.fit if network is None else batch.fit + network(batch.cues)[..., None]
    # Where no view is used all are minus infinity, which has no softmax.
    weights = functional.softmax(torch.nan_to_num(fit, neginf=-1e4), dim=1)
    mean = (weights[..., None] * batch.rgb).sum(1, keepdim=True)
    weights = weights / (1 + (batch.rgb - mean).square().sum(-1) / OUTLIER_CODES**2)
    mean = (weights[..., None] * batch.rgb).sum(1) / weights.sum(1)[..., None]
    wrong = (mean - batch.goal).square().mean(-1) * batch.weight[:, None]
    return wrong[batch.asked].mean()
