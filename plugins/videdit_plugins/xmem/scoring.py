"""How far a result can be trusted, from nothing but the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from videdit_plugins.xmem.aggregation import strongest

EXPONENTS: Mapping[str, float] = {"overlap": 0.7, "margin": 0.15, "certainty": 0.1, "concentration": 0.05}
"""Weights of the geometric mean. Set by reasoning: the expected overlap estimates the IoU, the others temper it."""
SMALLEST = 1e-6


class Assessment(NamedTuple):
    """A score in [0, 1], and what it was made of."""

    score: float
    evidence: dict[str, float]


def assess(probability: Tensor, concentration: Tensor) -> list[Assessment]:
    """Judge each object of one frame.

    probability:   (objects + 1, h, w) float32, background first, adding up to 1
    concentration: (objects, h16, w16) in (0, 1], sum of squared memory weights

    overlap        IoU with the truth to be expected if the probabilities are right
    margin         mean lead over the second within the mask
    certainty      1 - mean entropy within the mask, as a share of the largest
    concentration  mean sum of squared memory weights on the object; low where memory is of many minds
    peak           the largest probability; all there is to say of an absent object
    """
    own = probability[1:]
    winner = strongest(probability)
    first = probability.amax(dim=0)
    second = probability.scatter(0, winner[None], -1).amax(dim=0)
    entropy = -(probability * probability.clamp_min(SMALLEST).log()).sum(0) / math.log(len(probability))
    coarse = functional.adaptive_avg_pool2d(own[None], (concentration.shape[-2], concentration.shape[-1]))[0]

    inside = (winner == torch.arange(1, len(probability), device=own.device)[:, None, None]).float()
    area = _total(inside)
    some = area.clamp_min(1)
    measures = [
        area,
        own.amax(dim=(1, 2)),
        _total(own * inside) / (area + _total(own * (1 - inside))).clamp_min(SMALLEST),
        _total((first - second) * inside) / some,
        1 - _total(entropy * inside) / some,
        _total(coarse * concentration) / _total(coarse).clamp_min(SMALLEST),
    ]
    # All that the device is asked for comes in one piece, for each question waits until it has caught up.
    return [_judged(*row) for row in torch.stack(measures, dim=1).tolist()]


def _total(maps: Tensor) -> Tensor:
    return maps.sum(dim=(1, 2))


def _judged(
    area: float, peak: float, overlap: float, margin: float, certainty: float, concentration: float
) -> Assessment:
    if not area:
        return Assessment(1 - peak, {"peak": peak})
    evidence = {"overlap": overlap, "margin": margin, "certainty": certainty, "concentration": concentration}
    score = math.exp(sum(power * math.log(max(evidence[name], SMALLEST)) for name, power in EXPONENTS.items()))
    return Assessment(min(1.0, score), {**evidence, "peak": peak})
