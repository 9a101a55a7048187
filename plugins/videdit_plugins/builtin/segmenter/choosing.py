"""Which of several masks to show first, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from videdit.frames import Mask, Region
from videdit_plugins.builtin.segmenter.belief import Belief
from videdit_plugins.builtin.segmenter.cutting import Edges
from videdit_plugins.builtin.segmenter.evidence import Field
from videdit_plugins.builtin.segmenter.pointing import Pointing

if TYPE_CHECKING:
    from videdit_plugins.builtin.segmenter.learned import Word

_BAND_PX = 4
_SURROUNDINGS = 0.25
"""Ground around a mask in which motion is looked for, as a share of the mask's size on each side."""
_MOTION_SHARE, _USUALLY_MOVING = 0.2, 0.6
_WRONG_ON_RIM = 0.5
"""Share of a mask's outermost pixels that is on the wrong side, however sure the network is."""
_EDGE_SHARE, _USUAL_EDGE = 0.15, 0.6


@dataclass(frozen=True, slots=True)
class Merits:
    """What can be measured on one of several nested masks without knowing the truth.

    edge:       how strong the picture's edges are under its contour, 0..1
    contrast:   how much more the band inside its contour moves with the object than the band outside, about -2..2
    expected:   the IoU that the belief expects of it, 0..1
    consensus:  mean IoU with the other masks, 0..1
    steadiness: IoU of the most cautious of the masks with the most generous one, 0..1; the same for all of them
    moving:     share of what moves with the object that lies in the mask, less what lies in it and does not, 0..1: the
                soft IoU of the mask with the motion's evidence; in the box, or a quarter of the mask's size around it
    agreement:  IoU with the answer before, 0..1; 0 if there was none
    filling:    share of the drawn box that the mask's own box takes, 0..1; 0 without a box
    gap:        largest way from a side of the box to the mask, as a share of the box; 0 without a box, 1 if empty
    told:       the IoU that the network's word expects of it, 0..1; 0 without the network
    doubt:      pixels that the network's word is expected to have wrong, as a share of the mask's; 0 without it
    rim:        pixels of its outline, as a share of its own
    """

    edge: float
    contrast: float
    expected: float
    consensus: float
    steadiness: float
    agreement: float
    filling: float
    gap: float
    moving: float = 0.0
    told: float = 0.0
    doubt: float = 0.0
    rim: float = 0.0


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


def _expected_error(odds: Field) -> float:
    """Return how many pixels are expected to be wrong where each is on its likelier side."""
    return float(_probability(-np.abs(odds)).sum(dtype=np.float64))


def merits(
    masks: Sequence[Mask],
    belief: Belief,
    edges: Edges,
    pointing: Pointing,
    previous: Mask | None,
    word: Word | None = None,
) -> list[Merits]:
    """Measure each of the masks, which grow from the first to the last.

    word: what the network says; beyond its window the belief stands in for it
    """
    table = np.array([[overlap(one, other) for other in masks] for one in masks])
    likely = _probability(belief.field)
    likely_told = None if word is None else _probability(word.over(belief.field))
    doubt_px = 0.0 if word is None else _expected_error(word.odds[word.window.slices])
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
                moving=_moving(mask, belief, pointing.box),
                told=0.0 if likely_told is None else _expected_overlap(mask, likely_told),
                doubt=doubt_px / int(np.count_nonzero(mask)),
                rim=int(np.count_nonzero(_outline(mask))) / int(np.count_nonzero(mask)),
            )
        )
    return found


def rank(found: Sequence[Merits], pointing: Pointing) -> list[int]:
    """Return the numbers of the masks, the most likely one first; of equals the more cautious one."""

    def merit(one: Merits) -> float:
        if pointing.box is None:
            return one.edge + 3 * one.consensus + 5 * one.told
        if pointing.inside.any():
            return one.edge + 0.5 * one.contrast + one.consensus + one.filling + one.told
        return one.edge + 0.5 * one.contrast + one.expected + one.consensus - 0.5 * one.gap

    return sorted(range(len(found)), key=lambda number: (-merit(found[number]), number))


def confidence(one: Merits, corrected: bool, *, learned: bool) -> float:
    """Estimate the IoU of a mask with what was meant.

    corrected: whether there was an answer before
    learned:   whether the network was asked

    What can be measured without the network goes into a linear model in which each doubt can only lower the score. All
    of it but the motion's share was fitted by non-negative least squares to 200 answers about made-up scenes
    (`training.segmenter.scenes`), whose motion is made up too.

    With the network, most of the score is what its doubt amounts to, in pixels: those that it expects to have wrong,
    and half of those along the outline, which cannot be drawn more exactly. Of all of them half lie inside the mask,
    and half are missing from it. Outlines on the strongest edges of a picture are often those of a part, or of clutter.
    """
    if one.consensus == 0:
        return 0.0
    score = 0.93 - 0.34 * (1 - one.steadiness) - 0.75 * one.gap
    if corrected:
        score -= 0.27 * (1 - one.agreement)
    score = max(0.0, min(1.0, score + _MOTION_SHARE * (one.moving - _USUALLY_MOVING)))
    if not learned:
        return score
    wrong = one.doubt + _WRONG_ON_RIM * one.rim
    left = max(0.0, (1 - wrong / 2) / (1 + wrong / 2))
    mean = 0.6 * left + 0.3 * score + 0.1 * one.expected
    return max(0.0, min(1.0, mean - _EDGE_SHARE * (one.edge - _USUAL_EDGE)))


def _edge(mask: Mask, edges: Edges) -> float:
    rim = _outline(mask)
    return float(np.minimum(edges.contrast[rim], 3).mean() / 3) if rim.any() else 0.0


def _outline(mask: Mask) -> Mask:
    """Return the pixels (H, W) of `mask` that touch one that is not; the picture's border is none."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return cast(Mask, mask & ~(inner > 0))


def _contrast(mask: Mask, belief: Belief) -> float:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BAND_PX + 1,) * 2)
    plain = mask.astype(np.uint8)
    inner = mask & ~(cv2.erode(plain, kernel, borderType=cv2.BORDER_REPLICATE) > 0)
    outer = ~mask & (cv2.dilate(plain, kernel) > 0)
    if not inner.any() or not outer.any():
        return 0.0
    return float(belief.motion[inner].mean() - belief.motion[outer].mean())


def _moving(mask: Mask, belief: Belief, box: Region | None) -> float:
    """Return the overlap of a mask with what moves with the object, each pixel weighed by how clearly it does."""
    if box is None:
        own = Region.of(mask)
        box = own.grown(round(_SURROUNDINGS * max(own.width, own.height)), (mask.shape[0], mask.shape[1]))
    inside, motion = mask[box.slices], belief.motion[box.slices]
    moves = np.maximum(motion, 0)
    both = float(moves[inside].sum(dtype=np.float64))
    either = float(np.where(inside, np.abs(motion), moves).sum(dtype=np.float64))
    return both / either if either > 0 else _USUALLY_MOVING


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
