"""From the work size to the film's own size, along the edges of the film's own pixels.

He and Sun, "Fast Guided Filter" (2015): the filter's coefficients are found in the small picture and laid, enlarged,
over the large one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region
from videdit_plugins.builtin.tracker.planes import FloatMap

RADIUS_PX = 9
SMOOTHNESS = 1e-4
MARGIN_PX = 12
UNSURE = (0.02, 0.98)


def enlarge(probability: FloatMap, small: NDArray[np.uint8], large: NDArray[np.uint8]) -> FloatMap:
    """Return `probability` at the size of `large`, its outline on the edges of `large`.

    probability: (h, w) float32 in [0, 1], of work size
    small:       (h, w, 3) uint8, the frame at work size
    large:       (H, W, 3) uint8, the same frame in the same order of colours

    Returns (H, W) float32 in [0, 1]. Away from the outline it is plain bilinear enlargement.
    """
    size = (large.shape[1], large.shape[0])
    whole = np.asarray(cv2.resize(probability, size, interpolation=cv2.INTER_LINEAR), np.float32)
    unsure = (probability > UNSURE[0]) & (probability < UNSURE[1])
    if not unsure.any():
        return whole
    box = Region.of(unsure).grown(MARGIN_PX, probability.shape)
    scale = (size[0] / probability.shape[1], size[1] / probability.shape[0])
    there = Region(
        round(box.x0 * scale[0]), round(box.y0 * scale[1]), round(box.x1 * scale[0]), round(box.y1 * scale[1])
    )
    slopes, offset = _coefficients(small[box.slices], probability[box.slices])
    inner = (there.width, there.height)
    colours = large[there.slices].astype(np.float32) / 255
    guided = cv2.resize(offset, inner, interpolation=cv2.INTER_LINEAR)
    guided += (cv2.resize(slopes, inner, interpolation=cv2.INTER_LINEAR) * colours).sum(axis=2)
    near = cv2.dilate(unsure[box.slices].astype(np.float32), np.ones((3, 3), np.uint8))
    share = cv2.resize(near, inner, interpolation=cv2.INTER_LINEAR)
    whole[there.slices] += share * (np.clip(guided, 0, 1) - whole[there.slices])
    return whole


def _coefficients(colours: NDArray[np.uint8], probability: FloatMap) -> tuple[NDArray[np.float32], FloatMap]:
    """Return (h, w, 3) and (h, w) float32: the local line from colour to probability, averaged over its windows."""
    guide = np.asarray(colours / np.float32(255), np.float32)
    mean, answer = _mean(guide), _mean(probability)
    crossed = _mean(guide * probability[..., None]) - mean * answer[..., None]
    slopes = _solved(_spread(guide, mean), crossed)
    offset = answer - (slopes * mean).sum(axis=2)
    return _mean(slopes), _mean(offset)


PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def _spread(guide: NDArray[np.float32], mean: NDArray[np.float32]) -> list[FloatMap]:
    """Return the six different entries of the covariance of the three colours, in the order of PAIRS."""
    smooth = np.float32(SMOOTHNESS)
    return [
        _mean(guide[..., one] * guide[..., other]) - mean[..., one] * mean[..., other] + smooth * (one == other)
        for one, other in PAIRS
    ]


def _solved(spread: list[FloatMap], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (h, w, 3): the solution of the symmetric 3 x 3 system of each pixel, by its adjugate."""
    rr, gg, bb, rg, rb, gb = spread
    first = [gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg]
    determinant = rr * first[0] + rg * first[1] + rb * first[2]
    second = [first[1], rr * bb - rb * rb, rg * rb - rr * gb]
    third = [first[2], second[2], rr * gg - rg * rg]
    rows = [sum(row[number] * right[..., number] for number in range(3)) for row in (first, second, third)]
    solved: NDArray[np.float32] = np.stack(rows, axis=-1) / np.maximum(determinant, 1e-14)[..., None]
    return solved.astype(np.float32)


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    side = 2 * RADIUS_PX + 1
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
