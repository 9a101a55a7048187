"""Pull an outline to the edges of the picture.

Rother, Kolmogorov and Blake, "GrabCut" (2004): one cut, free only near the outline and where the evidence wavers.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region
from videdit_plugins.builtin.tracker.planes import FloatMap

RING_PX = 5
MARGIN_PX = 20
UNSURE = (0.1, 0.9)
SHARE = 0.4
LARGEST_PIXELS = 90_000
LEAST_SIDE_PX = 8
MODEL_PIXELS = 4000
"""About so many pixels of each side make its model of colours; all of them take four times as long."""


def to_edges(bgr: NDArray[np.uint8], probability: FloatMap) -> FloatMap:
    """Return `probability` (h, w) mixed with a minimum cut along the edges of `bgr` (h, w, 3) uint8."""
    mask = probability > 0.5
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size < LEAST_SIDE_PX or columns.size < LEAST_SIDE_PX or mask.all():
        return probability
    box = (
        slice(max(0, rows[0] - MARGIN_PX), rows[-1] + 1 + MARGIN_PX),
        slice(max(0, columns[0] - MARGIN_PX), columns[-1] + 1 + MARGIN_PX),
    )
    piece, colours = probability[box], bgr[box]
    halves = 0 if piece.size <= LARGEST_PIXELS else 1 if piece.size <= 4 * LARGEST_PIXELS else 2
    size = piece.shape[1::-1]
    small = (max(1, size[0] >> halves), max(1, size[1] >> halves))
    cut = _cut(
        cv2.resize(colours, small, interpolation=cv2.INTER_AREA),
        cv2.resize(piece, small, interpolation=cv2.INTER_AREA),
        RING_PX if halves == 0 else RING_PX // 2 + 1,
    )
    if cut is None:
        return probability
    smooth = cv2.GaussianBlur(cut, (0, 0), 1.0)
    refined = probability.copy()
    refined[box] = (1 - SHARE) * piece + SHARE * cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR)
    return refined


def _cut(colours: NDArray[np.uint8], probability: FloatMap, ring_px: int) -> FloatMap | None:
    inside = (probability > 0.5).view(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ring_px + 1, 2 * ring_px + 1))
    core, reach = cv2.erode(inside, disc), cv2.dilate(inside, disc)
    unsure = (probability > UNSURE[0]) & (probability < UNSURE[1])
    labels = np.where(inside > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[(core > 0) & ~unsure] = cv2.GC_FGD
    labels[(reach == 0) & ~unsure] = cv2.GC_BGD
    sides = [np.flatnonzero(labels % 2 == side) for side in (0, 1)]
    # The colour models of each side need at least as many pixels as they have components.
    if min(map(len, sides)) < 16:
        return None
    some = np.concatenate([side[:: max(1, len(side) // MODEL_PIXELS)] for side in sides])
    ground, thing = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    shown = colours.reshape(1, -1, 3)[:, some], labels.reshape(1, -1)[:, some]
    cv2.grabCut(*shown, None, ground, thing, 0, cv2.GC_INIT_WITH_MASK)
    # Beyond the pixels that are free there is nothing to cut.
    free = Region.of(labels >= cv2.GC_PR_BGD)
    if not free.empty:
        around = free.grown(1, (labels.shape[0], labels.shape[1])).slices
        part = labels[around].copy()
        cv2.grabCut(colours[around].copy(), part, None, ground, thing, 1, cv2.GC_EVAL_FREEZE_MODEL)
        labels[around] = part
    return (labels % 2).astype(np.float32)
