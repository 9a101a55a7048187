"""The frames around the prompted one that show its ground, and the ways of the camera to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.ground import NEAREST, Ground, compare, soft_lab
from videdit_plugins.builtin.homography import Corners, Homography, followed

LADDER = (2, 4, 8, 12, 16, 20, 24)
"""Frames that the camera is followed over, each way, in frames of distance: each from what the ones before foretell."""


def ground_around(rgb: NDArray[np.uint8], others: Mapping[int, NDArray[np.uint8]]) -> Ground:
    """Compare a frame with others of its shot.

    rgb:    (H, W, 3) uint8
    others: offset in frames -> (H, W, 3) uint8; offsets of LADDER, and the same below 0, as far as the shot reaches
    """
    reached: dict[int, Homography] = {}
    if any(abs(offset) >= NEAREST for offset in others):
        reached = _ways(rgb, others)
    far = [(soft_lab(others[offset]), way) for offset, way in reached.items() if abs(offset) >= NEAREST]
    return compare(soft_lab(rgb), far)


def _ways(rgb: NDArray[np.uint8], others: Mapping[int, NDArray[np.uint8]]) -> dict[int, Homography]:
    """Return where the places of the frame lie on others, as far as the camera can be followed."""
    here = Corners.of(rgb)
    few = here.thinned()
    ways: dict[int, Homography] = {}
    for side in (-1, 1):
        known: dict[int, Homography] = {0: np.eye(3)}
        last, by_steps = here, False
        for distance in LADDER:
            if side * distance not in others:
                break
            now = Corners.of(others[side * distance])
            way = None if by_steps else followed(few if len(known) > 1 else here, now, _foretold(known, distance))
            if way is None and len(known) > 1:
                # A camera that does not go on as it went is followed from frame to frame.
                by_steps = True
                step = followed(last, now, np.eye(3))
                way = None if step is None else step @ known[max(known)]
            if way is None:
                break
            known[distance] = ways[side * distance] = way / way[2, 2]
            last = now
    return ways


def _foretold(known: Mapping[int, Homography], distance: int) -> Homography:
    """Go on from the last frame as the camera went over as many frames before it, if they are known."""
    last = max(known)
    before = 2 * last - distance
    return known[last] @ np.linalg.inv(known[before]) @ known[last] if before in known else known[last]
