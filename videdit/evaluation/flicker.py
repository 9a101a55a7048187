"""Flow-warping error: how much a film flickers, judged along the motion of the untouched film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit.ops import optical_flow, warp
from videdit.ops.flow import Flow


@dataclass(frozen=True, slots=True)
class Motion:
    """How the untouched film moves from one frame to the next.

    flow:    (H, W, 2) float32, where each pixel of the first frame lies in the second
    visible: (H, W) bool, where that can be trusted: neither occluded nor on the border between two motions
    """

    flow: Flow
    visible: Mask


def motion_between(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Motion:
    """Find the motion between two frames of the untouched film, (H, W, 3) uint8 RGB each.

    The flow is DIS; published tables took FlowNet2's, so their figures compare in order only.
    Source of the two tests: W.-S. Lai et al., "Learning Blind Video Temporal Consistency", 2018, with those of
    M. Ruder et al., "Artistic Style Transfer for Videos", 2016, section 4.2.
    """
    ahead = optical_flow(first, second)
    return Motion(ahead, visible_along(ahead, optical_flow(second, first)))


def visible_along(ahead: Flow, back: Flow) -> Mask:
    """Return (H, W) bool: where the way ahead and the way back agree, and no border between two motions lies.

    ahead, back: (H, W, 2) float32; flow from the first frame to the second, and from the second to the first
    """
    returned = warp(back, ahead)
    lengths = _squared(ahead) + _squared(returned)
    occluded = _squared(ahead + returned) > 0.01 * lengths + 0.5
    across, down = np.zeros_like(ahead), np.zeros_like(ahead)
    across[:, :-1] = ahead[:, 1:] - ahead[:, :-1]
    down[:-1] = ahead[1:] - ahead[:-1]
    on_border = _squared(across) + _squared(down) > 0.01 * _squared(ahead) + 0.002
    visible: Mask = ~(occluded | on_border)
    return visible


def _squared(vectors: Flow) -> NDArray[np.float32]:
    total: NDArray[np.float32] = np.square(vectors).sum(axis=2)
    return total


def warp_errors(first: NDArray[np.uint8], second: NDArray[np.uint8], motion: Motion) -> NDArray[np.float32]:
    """Return (H, W) float32: squared difference of a frame and the next one warped to it, the mean of the channels.

    first, second: (H, W, 3) uint8 RGB of the film that is judged; colours count in [0, 1]
    """
    difference = (first.astype(np.float32) - warp(second.astype(np.float32), motion.flow)) / 255
    error: NDArray[np.float32] = np.square(difference).mean(axis=2)
    return error


def warp_error(errors: NDArray[np.float32], motion: Motion, where: Mask | None = None) -> float:
    """Return the mean of `warp_errors` over the visible pixels, of `where` (H, W) bool alone if given; NaN if none."""
    counted = motion.visible if where is None else motion.visible & where
    return float(errors[counted].mean(dtype=np.float64)) if counted.any() else float("nan")
