"""Which of several masks to show first, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from videdit.frames import Mask, Region
from videdit_plugins.builtin.segmenter.belief import Belief
from videdit_plugins.builtin.segmenter.cutting import Edges
from videdit_plugins.builtin.segmenter.evidence import Field
from videdit_plugins.builtin.segmenter.pointing import Pointing

_BAND_PX = 4


@dataclass(frozen=True, slots=True)
class Merits:
    """What can be measured on one of several nested masks without knowing the truth.

    edge:       how strong the picture's edges are under its contour, 0..1
    contrast:   how much more the band inside its contour moves with the object than the band outside, about -2..2
    expected:   the IoU that the belief expects of it, 0..1
    consensus:  mean IoU with the other masks, 0..1
    steadiness: IoU of the most cautious of the masks with the most generous one, 0..1; the same for all of them
    agreement:  IoU with the answer before, 0..1; 0 if there was none
    filling:    share of the drawn box that the mask's own box takes, 0..1; 0 without a box
    gap:        largest way from a side of the box to the mask, as a share of the box; 0 without a box, 1 if empty
    told:       the IoU that the network's word expects of it, 0..1; 0 without the network
    """

    edge: float
    contrast: float
    expected: float
    consensus: float
    steadiness: float
    agreement: float
    filling: float
    gap: float
    told: float = 0.0


def overlap(one: Mask, other: Mask) -> float:
    """Return the IoU of two masks of one size; 1 if both are empty."""
    union = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / union if union else 1.0


def _probability(odds: Field) -> Field:
    """Return the probability, 0..1, that belongs to log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), np.float32)


def _expected_overlap(mask: Mask, likely: Field) -> float:
    """Return the IoU to expect of a mask where each pixel belongs to the object with its probability `likely`."""
    both = float(likely[mask].sum(dtype=np.float64))
    return both / max(float(likely.sum(dtype=np.float64)) + int(np.count_nonzero(mask)) - both, 1e-6)


def merits(
    masks: Sequence[Mask],
    belief: Belief,
    edges: Edges,
    pointing: Pointing,
    previous: Mask | None,
    told: Field | None = None,
) -> list[Merits]:
    """Measure each of the masks, which grow from the first to the last.

    told: (H, W) float32, the network's log-odds where it looked, the belief elsewhere
    """
    table = np.array([[overlap(one, other) for other in masks] for one in masks])
    likely = _probability(belief.field)
    likely_told = None if told is None else _probability(told)
    found = []
    for number, mask in enumerate(masks):
        if not mask.any():
            found.append(Merits(0, 0, 0, 0, 0, 0, 0, 1))
            continue
        found.append(
            Merits(
                edge=_edge(mask, edges),
                contrast=_contrast(mask, belief),
                expected=_expected_overlap(mask, likely),
                consensus=float(table[number].mean()),
                steadiness=float(table[0, -1]),
                agreement=overlap(mask, previous) if previous is not None else 0.0,
                filling=_filling(mask, pointing.box) if pointing.box is not None else 0.0,
                gap=_gap(mask, pointing.box) if pointing.box is not None else 0.0,
                told=0.0 if likely_told is None else _expected_overlap(mask, likely_told),
            )
        )
    return found


def rank(found: Sequence[Merits], pointing: Pointing) -> list[int]:
    """Return the numbers of the masks, the most likely one first; of equals the more cautious one."""

    def merit(one: Merits) -> float:
        if pointing.box is None:
            return one.edge + 3 * one.consensus + one.told
        if pointing.inside.any():
            return one.edge + 0.5 * one.contrast + one.consensus + one.filling + one.told
        return one.edge + 0.5 * one.contrast + one.expected + one.consensus - 0.5 * one.gap

    return sorted(range(len(found)), key=lambda number: (-merit(found[number]), number))


def confidence(one: Merits, corrected: bool, worth: float | None = None) -> float:
    """Estimate the IoU of a mask with what was meant.

    corrected: whether there was an answer before
    worth:     the IoU that the network expects of its own answer, if it was asked

    What can be measured without the network goes into a linear model in which each doubt can only lower the score,
    fitted by non-negative least squares to 200 answers about made-up scenes (`training.segmenter.scenes`), to no
    footage. With the network the score is the mean of that, of what its word expects of the mask, and of `worth`.
    """
    if one.consensus == 0:
        return 0.0
    score = 0.93 - 0.34 * (1 - one.steadiness) - 0.75 * one.gap
    if corrected:
        score -= 0.27 * (1 - one.agreement)
    return max(0.0, score) if worth is None else (max(0.0, score) + one.told + worth) / 3


def _edge(mask: Mask, edges: Edges) -> float:
    rim = mask & ~(cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE) > 0)
    return float(np.minimum(edges.contrast[rim], 3).mean() / 3) if rim.any() else 0.0


def _contrast(mask: Mask, belief: Belief) -> float:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BAND_PX + 1,) * 2)
    plain = mask.astype(np.uint8)
    inner = mask & ~(cv2.erode(plain, kernel, borderType=cv2.BORDER_REPLICATE) > 0)
    outer = ~mask & (cv2.dilate(plain, kernel) > 0)
    if not inner.any() or not outer.any():
        return 0.0
    return float(belief.motion[inner].mean() - belief.motion[outer].mean())


def _filling(mask: Mask, box: Region) -> float:
    own = Region.of(mask)
    width = min(own.x1, box.x1) - max(own.x0, box.x0)
    height = min(own.y1, box.y1) - max(own.y0, box.y0)
    return max(0, width) * max(0, height) / max(1, box.width * box.height)


def _gap(mask: Mask, box: Region) -> float:
    own = Region.of(mask)
    across = max(own.x0 - box.x0, box.x1 - own.x1) / box.width
    down = max(own.y0 - box.y0, box.y1 - own.y1) / box.height
    return min(1.0, max(0.0, across, down))
