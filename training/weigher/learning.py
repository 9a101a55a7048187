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
from videdit_plugins.builtin.filler.weighing import MOST, ROUNDS, WIDTH

OUTLIER_CODES = 30.0
"""As in `blending`, after whose choice of eight the network's word goes on."""
NOISE = 8.0
"""Squared codes that no blend gets below: what is nearly right must not count for more than what is wrong."""


class WeigherNetwork(nn.Module):
    """The layers that `weighing` computes with NumPy; what they say is 0 before the first lesson."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Linear(CUES, WIDTH)
        self.compare = nn.ModuleList(nn.Linear(4 * WIDTH, WIDTH) for _ in range(ROUNDS))
        self.say = nn.Linear(WIDTH, 1)
        nn.init.zeros_(self.say.weight)
        nn.init.zeros_(self.say.bias)

    def forward(self, cues: Tensor, near: Tensor) -> Tensor:
        """Return the logarithms of factors, (squares, views), of (squares, views, cues).

        near: (squares, 9), which squares lie around each; -1 is none of them
        """
        looked = functional.relu(self.look(cues))
        weight, share = cues[..., WEIGHT, None], cues[..., SHARE, None]
        used, total = share > 0, weight.sum(1, keepdim=True) + 1e-3
        shares = _over(share, near) + 1e-3
        for compare in self.compare:
            mean = (looked * weight).sum(1, keepdim=True) / total
            largest = (looked * used).amax(1, keepdim=True)
            surroundings = _over(looked * share, near) / shares
            together = [looked, mean.expand_as(looked), largest.expand_as(looked), surroundings]
            looked = functional.relu(compare(torch.cat(together, dim=-1)))
        said: Tensor = self.say(looked)[..., 0]
        return said.clamp(-MOST, MOST)


def _over(values: Tensor, near: Tensor) -> Tensor:
    """Return the sums of (squares, views, C) over the squares around each."""
    # The last row is what -1 points at.
    padded = torch.cat([values, torch.zeros_like(values[:1])])
    first, *others = near.unbind(1)
    total = padded[first]
    for column in others:
        total = total + padded[column]
    return total


@dataclass(frozen=True, slots=True)
class Batch:
    """Some squares of a lesson, and what lies around them. Fields as of `Lesson`, in float32.

    weight: what an error counts, so that every hole counts alike, as in dB
    """

    cues: Tensor
    near: Tensor
    which: Tensor
    fit: Tensor
    rgb: Tensor
    goal: Tensor
    asked: Tensor
    weight: float


def usual_error(lesson: Lesson) -> float:
    """Return the mean square error of the rules."""
    every = np.arange(len(lesson.which)), np.arange(lesson.cues.shape[1])
    return float(loss(_batch(lesson, *every, 1.0), None))


def drawn(lesson: Lesson, usual: float, squares: int, random: np.random.Generator) -> Batch:
    """Draw so many squares of a lesson, as far as it has them, and every second time some of its views only.

    A film may show a place less often.

    usual: the error of the rules
    """
    count = lesson.cues.shape[1]
    fewer = count if random.random() < 0.5 else max(min(4, count), int(count * random.uniform(0.6, 1)))
    views = np.sort(random.permutation(count)[:fewer])
    some = np.sort(random.permutation(len(lesson.which))[:squares])
    return _batch(lesson, some, views, 1 / (usual + NOISE))


def _batch(lesson: Lesson, some: NDArray[np.int64], views: NDArray[np.int64], weight: float) -> Batch:
    which = lesson.which[some]
    reached = _reached(lesson.near, which)
    # What lies beyond says nothing; the last number is what -1 points at.
    numbers = np.full(len(lesson.cues) + 1, -1, np.int64)
    numbers[reached] = np.arange(len(reached))
    fit = torch.from_numpy(lesson.fit[some][:, views]).float()
    return Batch(
        torch.from_numpy(lesson.cues[reached][:, views]).float(),
        torch.from_numpy(numbers[lesson.near[reached]]),
        torch.from_numpy(numbers[which]),
        fit,
        torch.from_numpy(lesson.rgb[some][:, views]).float(),
        torch.from_numpy(lesson.goal[some]).float(),
        torch.from_numpy(lesson.asked[some]) & torch.isfinite(fit).any(dim=1),
        weight,
    )


def _reached(near: NDArray[np.int64], squares: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the squares that the network's word on these depends on, ascending."""
    for _ in range(ROUNDS):
        squares = np.unique(near[squares])
        squares = squares[squares >= 0]
    return squares


def loss(batch: Batch, network: WeigherNetwork | None) -> Tensor:
    """Return the mean square error of the blend where it is asked, weighted; without the network that of the rules."""
    fit = batch.fit if network is None else batch.fit + network(batch.cues, batch.near)[batch.which][..., None]
    # Where no view is used all are minus infinity, which has no softmax.
    weights = functional.softmax(torch.nan_to_num(fit, neginf=-1e4), dim=1)
    mean = (weights[..., None] * batch.rgb).sum(1, keepdim=True)
    weights = weights / (1 + (batch.rgb - mean).square().sum(-1) / OUTLIER_CODES**2)
    mean = (weights[..., None] * batch.rgb).sum(1) / weights.sum(1)[..., None]
    wrong = (mean - batch.goal).square().mean(-1)[batch.asked]
    # Of few views none may show what is asked for.
    return wrong.sum() / max(1, wrong.numel()) * batch.weight
