"""Points for a segmenter, projected from what a tracker believes.

Source: Yang et al., "Track Anything", 2023, section 3.2, step 3, in words; how is this project's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Alpha, Mask, Region
from videdit.prompts import Box, Click, MaskPrompt, Moment, Prompt

CONFIDENT = 0.8
"""Share of the mask's highest belief from which a pixel is confident."""
DEEP = 0.5
"""Share of the greatest depth that a further point of the object needs: points near an outline may miss the object."""
BACKGROUND = 0.05
"""Belief below which a pixel is background."""
MARGIN = 0.15
"""How far boxes reach beyond the mask, and background points keep away from it, in square roots of its area."""
SMALLEST_HOLE = 0.01
"""Share of the area below which a hole gets no point."""


@dataclass(frozen=True, slots=True)
class Projected:
    """What a segmenter is asked with.

    points: positive ones first, the surest first
    """

    points: tuple[Click, ...]
    box: Box
    mask: Mask

    def prompts(self, index: int) -> list[Prompt]:
        """Return them in the order in which segmenters take prompts: mask, box, points."""
        return [MaskPrompt(mask=self.mask, at=Moment(frame=index)), self.box, *self.points]


def project(
    mask: Mask,
    belief: Alpha,
    rivals: Mapping[int, Mask],
    index: int,
    *,
    positives: int,
    negatives: int,
    missing_px: float = 0.0,
    holed: bool = True,
) -> Projected | None:
    """Return the points, the box and the coarse mask of an object; None if it is not to be seen.

    mask:   (H, W) bool, the tracker's
    belief: (H, W) float32 in [0, 1], the tracker's probability, weighed with what its memory found where it says so
    rivals: object id -> (H, W) bool
    missing_px: how far the object may reach beyond a mask that shrank; the box takes it in, background points keep off
    holed: whether the object is known to have holes, so that those of the mask are no gaps

    Positive points are the deepest of the confident part, far from each other. Negative ones lie in rivals nearby, in
    holes of the mask and on sure background around it.
    """
    if not mask.any():
        return None
    region = Region.of(mask)
    margin_px = MARGIN * float(np.sqrt(np.count_nonzero(mask)))
    away_px = margin_px + missing_px
    around = region.grown(round(away_px + margin_px) + 2, mask.shape)
    cut = around.slices
    inside, likely = mask[cut], belief[cut]
    at = Moment(frame=index)
    sure = inside & (likely >= CONFIDENT * float(likely[inside].max()))
    wanted = _deepest(sure, positives, DEEP)
    held = np.zeros_like(inside)
    for rival in rivals.values():
        held |= rival[cut]
    # The last word on a place is the object's own: rivals may overlap it, as a rider does a horse.
    unwanted = _deepest(held & ~inside, negatives, DEEP)
    if holed:
        unwanted += _in_holes(inside, likely, negatives - len(unwanted))
    unwanted += _around(inside | held, likely, (away_px, away_px + margin_px + 1), negatives - len(unwanted))
    points = [Click(x + around.x0 + 0.5, y + around.y0 + 0.5, True, at=at) for y, x in wanted]
    points += [Click(x + around.x0 + 0.5, y + around.y0 + 0.5, False, at=at) for y, x in unwanted]
    reach = region.grown(round(margin_px / 2 + missing_px) + 1, mask.shape)
    return Projected(tuple(points), Box(reach.x0, reach.y0, reach.x1, reach.y1, at=at), mask)


def depth_of(part: Mask) -> NDArray[np.float32]:
    """Return (h, w) float32: distance of each pixel of `part` to its outline; the border of the picture counts."""
    padded = np.pad(part.view(np.uint8), 1)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1], np.float32)


def _deepest(part: Mask, count: int, least: float) -> list[tuple[int, int]]:
    """Return up to `count` deep points of `part` as (row, column), each far from those before."""
    if count < 1 or not part.any():
        return []
    depth = depth_of(part)
    first = divmod(int(depth.argmax()), depth.shape[1])
    greatest = float(depth[first])
    chosen = [first]
    rows, columns = np.nonzero(depth >= max(1.0, least * greatest))
    distance = np.hypot(rows - first[0], columns - first[1])
    while len(chosen) < count and distance.size and float(distance.max()) > 2 * greatest:
        # Of far points the deeper: an outline's tip is the farthest, and the least sure.
        merit = distance * depth[rows, columns]
        merit[distance <= 2 * greatest] = 0
        best = int(merit.argmax())
        chosen.append((int(rows[best]), int(columns[best])))
        distance = np.minimum(distance, np.hypot(rows - rows[best], columns - columns[best]))
    return chosen


def _in_holes(inside: Mask, likely: Alpha, count: int) -> list[tuple[int, int]]:
    if count < 1:
        return []
    holes, areas = holes_of(inside)
    large = [number for number in np.argsort(-areas) if areas[number] >= SMALLEST_HOLE * np.count_nonzero(inside)]
    points = []
    for number in large[:count]:
        # A hole that the tracker is not sure of may be a gap in its mask.
        points += _deepest((holes == number + 1) & (likely < BACKGROUND), 1, DEEP)
    return points


def holes_of(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the holes that `mask` encloses: (h, w) int32 of their numbers from 1, and the area of each."""
    padded = np.pad(mask, 1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~padded).view(np.uint8), connectivity=4)
    outside = int(labels[0, 0])
    numbers = [label for label in range(1, count) if label != outside]
    table = np.zeros(count, np.int32)
    table[numbers] = np.arange(1, len(numbers) + 1)
    areas = stats[numbers, cv2.CC_STAT_AREA] if numbers else np.zeros(0)
    return table[labels][1:-1, 1:-1], np.asarray(areas, np.int64)


def _around(held: Mask, likely: Alpha, ring_px: tuple[float, float], count: int) -> list[tuple[int, int]]:
    if count < 1:
        return []
    away = np.asarray(cv2.distanceTransform((~held).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    ring = (away >= ring_px[0]) & (away <= ring_px[1]) & (likely < BACKGROUND)
    return _spread(np.argwhere(ring), count)


def _spread(places: NDArray[np.int64], count: int) -> list[tuple[int, int]]:
    """Return up to `count` of the places, far from each other; the first is the one nearest to their middle's left."""
    if len(places) == 0:
        return []
    chosen = [places[0]]
    distance = np.hypot(*(places - chosen[0]).T)
    while len(chosen) < count and float(distance.max()) > 1:
        chosen.append(places[int(distance.argmax())])
        distance = np.minimum(distance, np.hypot(*(places - chosen[-1]).T))
    return [(int(y), int(x)) for y, x in chosen]


def missing_rim_px(area_px: int, drift: float) -> float:
    """Return how wide a rim a round mask of `area_px` has lost, if its area shrank by the factor exp(drift) < 1."""
    return float(np.sqrt(area_px / np.pi) * max(0.0, np.exp(-drift / 2) - 1))


def obeyed(mask: Mask, points: Sequence[Click]) -> float:
    """Return the share of the points that lie on the side of `mask` that they ask for; 1 without points."""
    if not points:
        return 1.0
    return float(np.mean([bool(mask[int(one.y), int(one.x)]) == one.positive for one in points]))
