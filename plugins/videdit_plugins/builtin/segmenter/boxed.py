"""A box and nothing else: what in it is unlike the ground that surely lies outside, and then a second look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask, Region
from videdit_plugins.builtin.segmenter import evidence
from videdit_plugins.builtin.segmenter.barrier import barrier_distance
from videdit_plugins.builtin.segmenter.belief import Belief, settled
from videdit_plugins.builtin.segmenter.evidence import Field, Picture
from videdit_plugins.builtin.segmenter.nearby import nearby_colours
from videdit_plugins.builtin.segmenter.pointing import Pointing

BIASES = (-1.85, -1.1, -0.35, 0.4, 1.15, 1.9, 2.65)
"""Added to the belief, one cut each. Their middle lies above 0: cuts lose thin parts, belief alone does not."""
LINK_SHARE = 0.7
"""Strength of links as a share of what they have for clicks."""
_NEAR = 0.25
"""Reach of the ground that is compared with, as a share of the box's size."""
_USUAL = 0.4
_BARRIER_LIMIT = 4.0
_ODDS_LIMIT = 8.0
_SOFTEN_PX = 0.7
_CORE, _REST = 1, 5
"""Numbers of the cuts whose inside is the object, and whose outside the ground, at the second look."""

Choice = Callable[[Belief], tuple[Sequence[Mask], int]]
"""Cuts of a belief, the smallest first, and the number of the best."""


@dataclass(frozen=True, slots=True)
class BoxWeights:
    """How much each kind of evidence counts for a box, fitted by logistic regression to the pixels of ten sequences.

    Without the network, each sequence left out of the fit, its own boxes came out the same within 0.01. With it, fitted
    to one half of the frames, then scaled up by half, which suits the links.
    """

    colour: float
    barrier: float
    motion: float
    ground: float
    learned: float
    bias: float
    nearby: float = 0.4
    between: float = 0.5


WITH_NETWORK = BoxWeights(colour=0.0, barrier=1.2, motion=0.2, ground=1.1, learned=0.85, bias=-0.3)
WITHOUT = BoxWeights(colour=0.45, barrier=1.45, motion=1.8, ground=1.1, learned=0.0, bias=-0.45)


def look_into_box(seen: Picture, pointing: Pointing, belief: Belief, odds: Field | None, choose: Choice) -> Belief:
    """Weigh the evidence inside the box anew, twice: the second time with the first cuts as object and ground.

    belief: what the prompts say by the general rules; its guess, its motion and its ground are used
    odds:   (H, W) float32, the network's word, or None
    choose: cuts and chooses
    """
    assert belief.box is not None
    assert pointing.box is not None
    weights = WITHOUT if odds is None else WITH_NETWORK
    box = belief.box
    outer = ~box if not box.all() else _border(seen.size)
    soft = cv2.GaussianBlur(seen.lab, (0, 0), _SOFTEN_PX)
    # Ways lead in over the pixels right around the box.
    window = pointing.box.grown(1, seen.size)
    colour = evidence.colour_evidence(
        seen, belief.guess.astype(np.float32), _near(box, outer) + (box & ~belief.guess).astype(np.float32)
    )
    field: Field = weights.colour * colour + weights.motion * belief.motion + np.float32(weights.bias)
    field += weights.ground * belief.ground
    field += weights.barrier * _unlike_outside(soft, outer, box, window)
    if odds is not None:
        field += weights.learned * np.clip(odds, -_ODDS_LIMIT, _ODDS_LIMIT)
    first = replace(belief, field=settled(field, pointing, box), colour=colour)
    masks, best = choose(first)
    field += weights.nearby * nearby_colours(seen, masks[best], pointing.box)
    field += weights.between * _between(soft, masks[_CORE], masks[_REST], window)
    return replace(first, field=settled(field, pointing, box))


def _border(size: tuple[int, int]) -> Mask:
    border = np.ones(size, bool)
    border[1:-1, 1:-1] = False
    return border


def _near(box: Mask, outer: Mask) -> Field:
    """Weigh the pixels outside, the less the farther from the box."""
    away = cv2.distanceTransform((~box).astype(np.uint8), cv2.DIST_L2, 3)
    reach = _NEAR * float(np.sqrt(np.count_nonzero(box)))
    return np.asarray(np.exp(-away / reach) * outer, np.float32)


def _unlike_outside(soft: NDArray[np.float32], outer: Mask, box: Mask, window: Region) -> Field:
    """Compare the barrier between a pixel and the outside with what is usual in the box."""
    barrier = np.zeros(box.shape, np.float32)
    barrier[window.slices] = barrier_distance(outer[window.slices], soft[window.slices])
    usual = float(np.quantile(barrier[box], _USUAL))
    return np.asarray(np.clip(np.log((barrier + 1) / (usual + 1)), -_BARRIER_LIMIT, _BARRIER_LIMIT), np.float32)


def _between(soft: NDArray[np.float32], core: Mask, rest: Mask, window: Region) -> Field:
    """Compare the barriers to what is surely the object and to what surely is not."""
    found = np.zeros(core.shape, np.float32)
    object_core = cv2.erode(core.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ground = ~(cv2.dilate(rest.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    if object_core.any() and ground[window.slices].any():
        to_ground = barrier_distance(ground[window.slices], soft[window.slices])
        to_object = barrier_distance(object_core[window.slices], soft[window.slices])
        ratio = np.log((to_ground + 2) / (to_object + 2))
        found[window.slices] = np.clip(ratio, -_BARRIER_LIMIT, _BARRIER_LIMIT)
    return found
