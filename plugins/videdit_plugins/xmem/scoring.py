"""How far a result can be trusted, from nothing but the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

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
    winner = strongest(probability)
    first, second = probability.topk(2, dim=0).values
    entropy = -(probability * probability.clamp_min(SMALLEST).log()).sum(0) / math.log(len(probability))
    grid = (concentration.shape[-2], concentration.shape[-1])
    return [
        _assess_one(probability[column], winner == column, first - second, entropy, concentration[column - 1], grid)
        for column in range(1, len(probability))
    ]


def _assess_one(
    own: Tensor, mask: Tensor, lead: Tensor, entropy: Tensor, concentration: Tensor, grid: tuple[int, int]
) -> Assessment:
    peak = float(own.max())
    if not mask.any():
        return Assessment(1 - peak, {"peak": peak})
    inside = own[mask]
    coarse = functional.adaptive_avg_pool2d(own[None], grid)[0]
    evidence = {
        "overlap": float(inside.sum() / (mask.sum() + own[~mask].sum())),
        "margin": float(lead[mask].mean()),
        "certainty": 1 - float(entropy[mask].mean()),
        "concentration": float((coarse * concentration).sum() / coarse.sum().clamp_min(SMALLEST)),
    }
    score = math.exp(sum(power * math.log(max(evidence[name], SMALLEST)) for name, power in EXPONENTS.items()))
    return Assessment(min(1.0, score), {**evidence, "peak": peak})
