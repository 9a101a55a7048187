"""Motion between two pictures, and following it."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Rgb, to_uint8

Flow: TypeAlias = NDArray[np.float32]
"""(H, W, 2) float32, displacement to the right and downwards in pixels."""
FlowPreset: TypeAlias = Literal["ultrafast", "fast", "balanced", "medium"]

_PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "balanced": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}
# Against "medium" the pictures agree as well after it, to half a hundredth.
_BALANCED_STRIDE, _BALANCED_DESCENTS, _BALANCED_REFINEMENTS = 4, 16, 1
# The search refuses pictures smaller than its patches at the coarsest level.
_SMALLEST_PX = 32


def optical_flow(a: Rgb, b: Rgb, preset: FlowPreset = "medium") -> Flow:
    """Find where each pixel of `a` lies in `b`.

    a, b:   (H, W, 3) uint8 or uint16 RGB, or (H, W) uint8 grey
    preset: "ultrafast", "fast", "balanced" or "medium", the finer the slower; "balanced" takes little more than half of
             what "medium" does

    Returns (H, W, 2) float32: a[y, x] looks like b[y + flow[y, x, 1], x + flow[y, x, 0]], so that
    `warp(b, flow)` resembles `a`.
    Raises ShapeError when the sizes differ.
    Source: T. Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016, as OpenCV has it.
    """
    if a.shape[:2] != b.shape[:2]:
        raise ShapeError(f"flow needs two pictures of one size, not {a.shape} and {b.shape}")
    height, width = a.shape[:2]
    search = cv2.DISOpticalFlow.create(_PRESETS[preset])
    if preset == "balanced":
        search.setPatchStride(_BALANCED_STRIDE)
        search.setGradientDescentIterations(_BALANCED_DESCENTS)
        search.setVariationalRefinementIterations(_BALANCED_REFINEMENTS)
    return np.asarray(search.calc(_grey(a), _grey(b), None))[:height, :width]


def _grey(picture: Rgb) -> NDArray[np.uint8]:
    grey = picture if picture.ndim == 2 else cv2.cvtColor(to_uint8(picture), cv2.COLOR_RGB2GRAY)
    below, right = (max(0, _SMALLEST_PX - side) for side in grey.shape)
    if below or right:
        grey = np.pad(grey, ((0, below), (0, right)), mode="edge")
    return np.ascontiguousarray(grey)


def warp(image: NDArray[Any], flow: Flow) -> NDArray[Any]:
    """Fetch each pixel from where `flow` points.

    image: (H, W) or (H, W, C) uint8, uint16, float32 or bool
    flow:  (H, W, 2) float32, displacement to the right and downwards in pixels

    Returns an array of the image's size and dtype: result[y, x] = image[y + flow[y, x, 1], x + flow[y, x, 0]],
    bilinear between pixels, the border pixel for what lies outside. A bool image is 1 where at least half is.
    Raises ShapeError when the sizes differ.
    """
    if image.shape[:2] != flow.shape[:2] or flow.shape[2:] != (2,):
        raise ShapeError(f"an image {image.shape} needs a flow of its size, not {flow.shape}")
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    source = image.astype(np.float32) if image.dtype == np.bool_ else image
    moved = np.asarray(cv2.remap(source, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    return moved >= 0.5 if image.dtype == np.bool_ else moved.reshape(image.shape)
