"""What moves unlike the camera: optical flow to neighbouring frames, less the camera's own homography."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

OFFSETS = (-4, -2, -1, 1, 2, 4)
"""Frames looked at, counted from the one in question; those outside the shot are left out."""
_PATCH_PX, _STRIDE_PX, _DESCENTS = 4, 3, 12
"""Of the search for flow, at the picture's full size: legs and spokes are some pixels wide."""
_REACH_PX = 1.0
"""Way between two frames over which flow is exact; where things go farther, frames nearer by count more."""
_SPEED_SIGMA_PX = 2.0
_LATTICE_PX = 8
SMALLEST_NOISE_PX = 0.12
_SMALLEST_SIDE_PX = 24
"""Below this a frame holds too few lattice points for a homography, and flow says nothing."""


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
        return cast(NDArray[np.float32], np.linalg.norm(self.residual, axis=2).astype(np.float32))


def no_motion(size: tuple[int, int]) -> Motion:
    """Return the motion of a frame that has no neighbours."""
    return Motion(np.zeros((*size, 2), np.float32), SMALLEST_NOISE_PX)


def residual_motion(gray: NDArray[np.uint8], neighbours: Mapping[int, NDArray[np.uint8]]) -> Motion:
    """Measure how each pixel moves against the camera, in pixels per frame.

    gray:       (H, W) uint8, the frame in question
    neighbours: offset in frames -> (H, W) uint8; offsets below 0 lie before it

    Behind the object's front, pixels vanish in later frames; behind its back, in earlier ones. Each side of time is
    therefore measured for itself, and of the two the smaller residual counts: the side where the pixel is visible.
    Distant frames tell slow motion from none; what moves fast is torn and blurred in them, and near ones count.
    """
    if min(gray.shape) < _SMALLEST_SIDE_PX:
        return no_motion((gray.shape[0], gray.shape[1]))
    flow = _flow()
    sides: dict[bool, dict[int, NDArray[np.float32]]] = {False: {}, True: {}}
    for offset, other in sorted(neighbours.items()):
        residual = _against_camera(flow.calc(gray, other, None), abs(offset))
        if residual is not None:
            # Towards the past everything runs backwards; the sign makes both sides comparable.
            sides[offset > 0][abs(offset)] = (residual / offset).astype(np.float32)
    measured = [_by_reach(side) for side in sides.values() if side]
    if not measured:
        return no_motion((gray.shape[0], gray.shape[1]))
    residual = measured[0]
    if len(measured) == 2:
        smaller = np.linalg.norm(measured[1], axis=2) < np.linalg.norm(measured[0], axis=2)
        residual = np.where(smaller[..., None], measured[1], measured[0])
    residual = cv2.GaussianBlur(residual.astype(np.float32), (0, 0), 1.0)
    typical = float(np.median(np.linalg.norm(residual, axis=2)))
    return Motion(residual, max(SMALLEST_NOISE_PX, 1.5 * typical))


def _flow() -> cv2.DISOpticalFlow:
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow.setFinestScale(0)
    flow.setPatchSize(_PATCH_PX)
    flow.setPatchStride(_STRIDE_PX)
    flow.setGradientDescentIterations(_DESCENTS)
    return flow


def _by_reach(side: Mapping[int, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Average residuals (H, W, 2) by frames of distance, pixel by pixel, by what flow over that way is worth."""
    typical = np.median(np.stack(list(side.values())), axis=0)
    speed = cv2.GaussianBlur(np.linalg.norm(typical, axis=2), (0, 0), _SPEED_SIGMA_PX)
    total = np.zeros_like(typical)
    sum_of_weights = np.zeros_like(speed)
    for distance, residual in side.items():
        weight = distance**0.5 / (1 + (speed * distance / _REACH_PX) ** 2) ** 1.5
        total += weight[..., None] * residual
        sum_of_weights += weight
    return cast(NDArray[np.float32], total / sum_of_weights[..., None])


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
