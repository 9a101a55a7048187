"""What moves unlike the camera: optical flow to neighbouring frames, less the camera's own homography."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.ground import in_order
from videdit_plugins.builtin.lengths import length
from videdit_plugins.builtin.threads import between_two

OFFSETS = (-4, -2, -1, 1, 2, 4)
"""Frames looked at, counted from the one in question; those outside the shot are left out."""
_PATCH_PX, _STRIDE_PX, _DESCENTS = 4, 3, 12
"""Of the search for flow, at the picture's full size: legs and spokes are some pixels wide."""
_REACH_PX = 1.0
"""Way between two frames over which flow is exact; where things go farther, frames nearer by count more."""
_SPEED_SIGMA_PX = 2.0
_ASTRAY_PX, _ASTRAY_SHARE = 0.5, 0.25
"""Way there and back, in pixels and as a share of the residual, beyond which a pixel is likely not visible there."""
_LATTICE_PX = 8
SMALLEST_NOISE_PX = 0.12
_SMALLEST_SIDE_PX = 24
"""Below this a frame holds too few lattice points for a homography, and flow says nothing."""


_Seen: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Residuals (H, W, 2) towards another frame, and how surely each pixel is visible there, (H, W) in 0..1."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion of one frame against the camera's, at the working size.

    residual: (H, W, 2) float32, pixels per frame along x and y; zero where nothing but the camera moves
    noise_px: length below which a residual says nothing
    """

    residual: NDArray[np.float32]
    noise_px: float

    @property
    def speed(self) -> NDArray[np.float32]:
        """(H, W) float32, length of the residual."""
        return length(self.residual)


def no_motion(size: tuple[int, int]) -> Motion:
    """Return the motion of a frame that has no neighbours."""
    return Motion(np.zeros((*size, 2), np.float32), SMALLEST_NOISE_PX)


def residual_motion(gray: NDArray[np.uint8], neighbours: Mapping[int, NDArray[np.uint8]]) -> Motion:
    """Measure how each pixel moves against the camera, in pixels per frame.

    gray:       (H, W) uint8, the frame in question
    neighbours: offset in frames -> (H, W) uint8; offsets below 0 lie before it, and are asked for first

    Behind the object's front, pixels vanish in later frames; behind its back, in earlier ones. Each side of time is
    therefore measured for itself, and of the two the smaller residual counts: the side where the pixel is visible.
    A shot's first and last frame have one side alone. There flow is followed back, and where it does not return to
    where it came from, the pixel is taken for one that is covered, and for not moving.
    Distant frames tell slow motion from none; what moves fast is torn and blurred in them, and near ones count.
    """
    if min(gray.shape) < _SMALLEST_SIDE_PX:
        return no_motion((gray.shape[0], gray.shape[1]))
    one_sided = len({offset > 0 for offset in neighbours}) == 1
    offsets = sorted(neighbours)
    towards = between_two([partial(_towards, gray, neighbours, offset, one_sided) for offset in offsets])
    sides: dict[bool, dict[int, _Seen]] = {False: {}, True: {}}
    for offset, seen in zip(offsets, towards, strict=True):
        if seen is not None:
            sides[offset > 0][abs(offset)] = seen
    measured = between_two([partial(_by_reach, side) for side in sides.values() if side])
    if not measured:
        return no_motion((gray.shape[0], gray.shape[1]))
    residual = measured[0]
    if len(measured) == 2:
        smaller = length(measured[1]) < length(measured[0])
        residual = np.where(smaller[..., None], measured[1], measured[0])
    residual = cv2.GaussianBlur(residual.astype(np.float32), (0, 0), 1.0)
    typical = float(np.median(length(residual)))
    return Motion(residual, max(SMALLEST_NOISE_PX, 1.5 * typical))


def _towards(
    gray: NDArray[np.uint8], neighbours: Mapping[int, NDArray[np.uint8]], offset: int, one_sided: bool
) -> _Seen | None:
    """Return what the frame `offset` frames away tells, None if the camera cannot be followed to it."""
    flow, other = _flow(), neighbours[offset]
    forth = flow.calc(gray, other, None)
    residual = _against_camera(forth, abs(offset))
    if residual is None:
        return None
    visible = np.ones(gray.shape, np.float32)
    if one_sided:
        visible = _visible(forth, flow.calc(other, gray, None), length(residual))
    # Towards the past everything runs backwards; the sign makes both sides comparable.
    return (residual / offset).astype(np.float32), visible


def _flow() -> cv2.DISOpticalFlow:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow.setFinestScale(0)
    flow.setPatchSize(_PATCH_PX)
    flow.setPatchStride(_STRIDE_PX)
    flow.setGradientDescentIterations(_DESCENTS)
    return flow


def _visible(forth: NDArray[np.float32], back: NDArray[np.float32], speed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how surely each pixel is visible in the other frame, (H, W) float32 in 0..1.

    Flow that goes `forth` (H, W, 2) and comes `back` ends where it began, unless something covers the pixel. Where
    things go far, at `speed` (H, W) pixels, flow is less exact (Sundaram, Brox and Keutzer 2010).
    """
    ys, xs = np.mgrid[0 : forth.shape[0], 0 : forth.shape[1]].astype(np.float32)
    there = cv2.remap(back, xs + forth[..., 0], ys + forth[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    astray = length(forth + there)
    return cast(NDArray[np.float32], np.exp(-((astray / (_ASTRAY_PX + _ASTRAY_SHARE * speed)) ** 2)))


def _by_reach(side: Mapping[int, _Seen]) -> NDArray[np.float32]:
    """Average residuals (H, W, 2) by frames of distance, pixel by pixel, by what flow over that way is worth.

    Where a pixel is not visible in a frame, that frame says that it does not move.
    """
    typical = _median([residual for residual, _ in side.values()])
    speed = cv2.GaussianBlur(length(typical), (0, 0), _SPEED_SIGMA_PX)
    total = np.zeros_like(typical)
    sum_of_weights = np.zeros_like(speed)
    for distance, (residual, visible) in side.items():
        doubt = 1 + (speed * distance / _REACH_PX) ** 2
        weight = distance**0.5 / (doubt * np.sqrt(doubt))
        total += (weight * visible)[..., None] * residual
        sum_of_weights += weight
    return cast(NDArray[np.float32], total / sum_of_weights[..., None])


def _median(maps: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the median of each value of some maps."""
    ordered, middle = in_order(maps), len(maps) // 2
    return ordered[middle] if len(maps) % 2 else np.asarray((ordered[middle - 1] + ordered[middle]) / 2, np.float32)


def _against_camera(flow: NDArray[np.float32], span: int) -> NDArray[np.float32] | None:
    """Return `flow` (H, W, 2) less the motion of the homography that most of it follows; None if there is none."""
    height, width = flow.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    here = np.stack([xs, ys], axis=2)
    half = _LATTICE_PX // 2
    points = here[half::_LATTICE_PX, half::_LATTICE_PX].reshape(-1, 2)
    moved = points + flow[half::_LATTICE_PX, half::_LATTICE_PX].reshape(-1, 2)
    homography, _ = cv2.findHomography(
        points, moved, cv2.USAC_MAGSAC, 0.5 + 0.15 * span, maxIters=2000, confidence=0.999
    )
    if homography is None or not np.isfinite(homography).all():
        return None
    by_camera = cv2.perspectiveTransform(here.reshape(-1, 1, 2), homography).reshape(height, width, 2)
    residual = flow - (by_camera.astype(np.float32) - here)
    return residual if np.isfinite(residual).all() else None
