"""The evidence of one object on one frame, one map for each kind, on the grid of its window."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.threads import beside
from videdit_plugins.builtin.tracker.appearance import lift
from videdit_plugins.builtin.tracker.colours import colour_bins, log_ratio
from videdit_plugins.builtin.tracker.features import descriptors
from videdit_plugins.builtin.tracker.flow import flow_between, warp
from videdit_plugins.builtin.tracker.memory import match
from videdit_plugins.builtin.tracker.motion import motion_evidence
from videdit_plugins.builtin.tracker.planes import FloatMap, Plane
from videdit_plugins.builtin.tracker.roi import CELL, Roi
from videdit_plugins.builtin.tracker.target import Target

NAMES = (
    "prior",
    "colour_given",
    "colour_recent",
    "classifier",
    "classifier_given",
    "match_given",
    "motion",
    "ground",
    "photometric",
)
DOUBT = 6.0
"""Photometric error, in grey levels, that takes most of the trust in what the flow brought along."""
PLACE_CLASSIFIER = 1.5
PLACE_GIVEN = 1.2


@dataclass(frozen=True, slots=True)
class Look:
    """What a window shows, before any object is asked for.

    lab:    (h, w, 3) uint8 on the grid
    bins:   (h, w) int32, the colour bin of each pixel
    cells:  (N, D) float32 descriptors
    lifted: (N, K) float32, the same for the classifier
    places: (N, 2) float32
    """

    lab: NDArray[np.uint8]
    bins: NDArray[np.int32]
    cells: NDArray[np.float32]
    lifted: NDArray[np.float32]
    places: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Channels:
    """The evidence.

    maps:      (C, h, w) float32 in the order of NAMES, each about [-1, 1]
    warped:    (h, w) float32, the last probability moved along the flow
    agreement: (h, w) float32, trust in the flow
    found:     (h, w) float32 in [0, 1], how much of the object in the given frames was found here
    """

    maps: NDArray[np.float32]
    warped: FloatMap
    agreement: FloatMap
    found: FloatMap


def look(plane: Plane, roi: Roi) -> Look:
    """Describe the window `roi` of a frame."""
    lab = roi.cut_lab(plane.bgr)
    cells = descriptors(lab)
    flat, places = cells.reshape(-1, cells.shape[2]), roi.places().reshape(-1, 2)
    lifted = lift(np.concatenate([flat, PLACE_CLASSIFIER * places], axis=1))
    return Look(lab, colour_bins(lab), flat, lifted, places)


def to_cells(values: FloatMap) -> NDArray[np.float32]:
    """Return (N,) float32: the mean of `values` (h, w) over each cell."""
    small = cv2.resize(values, (values.shape[1] // CELL, values.shape[0] // CELL), interpolation=cv2.INTER_AREA)
    flat: NDArray[np.float32] = small.ravel()
    return flat


def from_cells(values: NDArray[np.float32], grid: tuple[int, int]) -> FloatMap:
    """Return (h, w) float32: the values of the cells, (N,), spread over the grid."""
    small = np.ascontiguousarray(values, dtype=np.float32).reshape(grid[0] // CELL, grid[1] // CELL)
    spread: FloatMap = cv2.resize(small, grid[::-1], interpolation=cv2.INTER_LINEAR)
    return spread


def channels(target: Target, index: int, seen: Look, roi: Roi, moving: Future[Moved]) -> Channels:
    """Gather the evidence that frame `index` offers of `target` in the window `roi`.

    seen:   what the window shows
    moving: what the flow says, see `moved_beside`; waited for last
    """
    given, found = _match_given(target, index, seen, roi)
    looks = [
        log_ratio(target.given_colours, seen.bins),
        log_ratio(target.recent_colours, seen.bins),
        from_cells(target.appearance.classify(seen.lifted), roi.grid),
        from_cells(target.appearance.classify(seen.lifted, given_only=True), roi.grid),
        given,
    ]
    moved = moving.result()
    maps = [(2 * moved.warped - 1) * np.exp(-moved.error / DOUBT), *looks]
    maps += [moved.ratio, np.minimum(moved.ground, 1.5), np.minimum(moved.error / 24, 2)]
    return Channels(np.stack(maps).astype(np.float32), moved.warped, moved.agreement, found)


class Moved(NamedTuple):
    """What the flow says, (h, w) float32 each, see `Channels` and `motion_evidence`; error in grey levels."""

    warped: FloatMap
    agreement: FloatMap
    error: FloatMap
    ratio: FloatMap
    ground: FloatMap


def moved_beside(
    target: Target, before: Plane, now: Plane, roi: Roi, shift: tuple[int, int], fine_flow: bool
) -> Future[Moved]:
    """Begin to ask, in the engines' second thread, how the window `roi` of `now` moved.

    shift: (x, y), how far the object is thought to have moved from `before` to `now`, in work pixels
    """
    gone = (-shift[0], -shift[1])
    return beside(partial(_moved, roi.cut(before.gray, gone), roi.cut(now.gray), target, roi, gone, fine_flow))


def _moved(
    before: NDArray[np.uint8],
    now: NDArray[np.uint8],
    target: Target,
    roi: Roi,
    gone: tuple[int, int],
    fine_flow: bool,
) -> Moved:
    flow = flow_between(before, now, fine_flow)
    warped = warp(roi.cut(target.probability, gone), flow.back)
    photometric = np.abs(now.astype(np.float32) - warp(before.astype(np.float32), flow.back))
    error = np.asarray(cv2.GaussianBlur(photometric, (0, 0), 1.5), np.float32)
    return Moved(warped, flow.agreement, error, *motion_evidence(flow.back, flow.agreement, warped))


def _match_given(target: Target, index: int, seen: Look, roi: Roi) -> tuple[FloatMap, FloatMap]:
    answers = [match(seen.cells, seen.places, one, PLACE_GIVEN) for one in target.closest(index)]
    odds = np.mean([one[0] for one in answers], axis=0)
    found = np.max([one[1] for one in answers], axis=0)
    return from_cells(odds, roi.grid), from_cells(found, roi.grid)
