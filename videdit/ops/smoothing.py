"""Masks that do not tremble."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Mask, Region
from videdit.ops.distance import signed_distance
from videdit.ops.flow import optical_flow, warp

_LEAST_SPAN_PX = 24.0


def smooth_in_time(masks: Sequence[Mask]) -> Mask:
    """Steady the middle one of an odd number of successive masks of one object.

    masks: (H, W) bool each, in the order of time

    Returns a new (H, W) bool array. Each neighbour is first carried onto the middle mask along the flow between the
    two shapes; then each pixel takes the sign of the weighted median of the signed distances to the edges, with
    triangular weights. So an edge that trembles becomes steady, and motion is followed rather than lagged behind.
    A bite out of a single frame looks like motion and stays. (Plain averages of the distances, which would fill it,
    wear thin limbs away as soon as something moves.)
    An empty mask in the middle stays empty, for whether the object is there is the tracker's to say; empty
    neighbours are left out, each with its counterpart on the other side.
    Raises ShapeError when the number is even or the sizes differ.
    """
    if len(masks) % 2 == 0 or any(mask.shape != masks[0].shape for mask in masks):
        raise ShapeError(f"an odd number of masks of one size, not {[mask.shape for mask in masks]}")
    reach = len(masks) // 2
    middle = masks[reach]
    result = middle.copy()
    near = [
        step for step in range(1, reach + 1) if middle.any() and masks[reach - step].any() and masks[reach + step].any()
    ]
    if not near:
        return result
    chosen = [masks[reach + side * step] for step in near for side in (-1, 1)]
    region = reduce(Region.union, map(Region.of, chosen), Region.of(middle)).grown(
        1, (middle.shape[0], middle.shape[1])
    )
    weights = [reach + 1] + [reach + 1 - step for step in near for _ in (-1, 1)]
    result[region.slices] = _median_shape(middle[region.slices], [mask[region.slices] for mask in chosen], weights)
    return result


def _median_shape(middle: Mask, others: list[Mask], weights: list[int]) -> Mask:
    span_px = max(_LEAST_SPAN_PX, 0.05 * max(middle.shape))
    field = signed_distance(middle)
    picture = _as_picture(field, span_px)
    fields = [field]
    for other in others:
        field = signed_distance(other)
        fields.append(warp(field, optical_flow(picture, _as_picture(field, span_px), "fast")))
    stack = np.stack(fields)
    # Where all agree on the side there is nothing to decide, and that is nearly everywhere.
    disputed = (stack.min(axis=0) < 0) & (stack.max(axis=0) > 0)
    result = middle.copy()
    result[disputed] = np.median(np.repeat(stack[:, disputed], weights, axis=0), axis=0) < 0
    return result


def _as_picture(field: NDArray[np.float32], span_px: float) -> NDArray[np.uint8]:
    """Show a field of distances in grey, mid-grey at the edge, so that optical flow can match two shapes."""
    return np.asarray(np.clip(field / span_px, -1, 1) * 127 + 128, np.uint8)
