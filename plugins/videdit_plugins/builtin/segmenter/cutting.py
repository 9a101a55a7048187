"""Beliefs to masks: minimum cuts along the picture's edges, from cautious to generous."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask, Region
from videdit_plugins.builtin.maxflow import LINK_STEPS, nested_cuts
from videdit_plugins.builtin.segmenter.belief import CERTAIN
from videdit_plugins.builtin.segmenter.evidence import Field, Picture
from videdit_plugins.builtin.segmenter.pointing import Pointing
from videdit_plugins.builtin.threads import between_two

BIASES = (-2.25, -1.5, -0.75, 0.0, 0.75, 1.5, 2.25)
"""Added to the belief, one cut each: the first mask is the smallest."""
_STRENGTH = 10.0
_FLOOR = 0.02
_MOTION = 20.0
_SPECK = 0.05
"""Parts smaller than this share of the largest are dropped where nothing was clicked."""


@dataclass(frozen=True, slots=True)
class Edges:
    """The picture's edges.

    links:    (4, H, W) float32, cost of parting a pixel from its neighbours
    contrast: (H, W) float32, difference to the neighbours, 1 where it is the picture's mean
    """

    links: NDArray[np.float32]
    contrast: Field


def edges_of(seen: Picture) -> Edges:
    """Measure edges of colour and motion together."""
    features = np.concatenate([seen.lab, _MOTION * seen.direction], axis=2)
    height, width = seen.size
    squares = np.zeros((len(LINK_STEPS), height, width), np.float32)
    for plane, (down, right) in enumerate(LINK_STEPS):
        here = (slice(0, height - down), slice(max(0, -right), width - max(0, right)))
        there = (slice(down, height), slice(max(0, right), width + min(0, right)))
        difference = features[here] - features[there]
        squares[(plane, *here)] = np.einsum("hwc,hwc->hw", difference, difference)
    mean = max(float(squares.mean(dtype=np.float64)), 1e-6)
    lengths = np.hypot(*np.array(LINK_STEPS, np.float32).T)[:, None, None]
    links = _STRENGTH * (np.exp(-squares / (2 * mean)) + _FLOOR) / lengths
    return Edges(links.astype(np.float32), np.sqrt(squares.mean(axis=0) / mean))


def best_cut(field: Field, edges: Edges) -> Mask:
    """Return the one mask that fits belief and edges best."""
    return _cuts(field, edges.links, (0.0,))[0]


def candidates(
    field: Field,
    edges: Edges,
    pointing: Pointing,
    previous: Mask | None,
    biases: Sequence[float] = BIASES,
    link_share: float = 1.0,
) -> list[Mask]:
    """Return one mask for each of `biases`, the smallest first, without parts that nobody pointed at."""
    links = link_share * edges.links

    def cut(some: Sequence[float]) -> list[Mask]:
        return [wanted_parts(mask, pointing, previous) for mask in _cuts(field, links, some)]

    # The most generous cuts take as long as all the others: what is like the object reaches far.
    shares = [share for share in (biases[:-2], biases[-2:]) if share]
    return list(chain.from_iterable(between_two([partial(cut, share) for share in shares])))


def _cuts(field: Field, links: NDArray[np.float32], biases: Sequence[float]) -> list[Mask]:
    """Cut where anything is open: outside a box all is settled, and its nearest pixels stand for all the rest."""
    height, width = field.shape
    window = Region.of(field > -CERTAIN).grown(1, (height, width)).slices
    masks = []
    for part in nested_cuts(field[window], links[:, *window], biases):
        mask = np.zeros(field.shape, bool)
        mask[window] = part
        masks.append(mask)
    return masks


def wanted_parts(mask: Mask, pointing: Pointing, previous: Mask | None) -> Mask:
    """Drop the parts of `mask` that hold no click and were not mostly there before; without either, the specks."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    keep = np.zeros(count, bool)
    if pointing.inside.any() or previous is not None:
        keep[labels[pointing.inside]] = True
        if previous is not None:
            keep |= np.bincount(labels[previous], minlength=count) > 0.5 * areas
    elif count > 1:
        keep = areas >= _SPECK * areas[1:].max()
    keep[0] = False
    return cast(Mask, keep[labels])
