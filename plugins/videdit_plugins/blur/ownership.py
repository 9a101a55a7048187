"""Which object each hidden pixel belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

import videdit
from videdit.frames import Alpha, Mask


@dataclass(frozen=True, slots=True)
class Part:
    """What is hidden of one object.

    object_id: 0 for what belongs to none
    box:       where the part lies in the window
    shown:     (h, w) bool of the box, the pixels that this part's colours are for, its soft edge included
    hidden:    (h, w) bool of the box, the pixels of it that lie in the shaped mask
    centre:    x and y of its centre of gravity in the frame
    size_px:   diameter of a disc of the tracked mask's area: calmer than a bounding box
    """

    object_id: int
    box: videdit.Region
    shown: Mask
    hidden: Mask
    centre: tuple[float, float]
    size_px: float


def parts_of(window: videdit.Window) -> list[Part]:
    """Divide what is hidden among the objects, so that a small face beside a large one has cells of its own size."""
    boxes = {number: videdit.Region.of(mask) for number, mask in sorted(window.objects.items())}
    numbers = [number for number, box in boxes.items() if not box.empty]
    if len(numbers) < 2:
        number = numbers[0] if numbers else 0
        mask = window.objects[number] if numbers else window.mask
        box = videdit.Region.of(mask)
        if box.empty:
            return []
        whole = videdit.Region.whole(window.alpha.shape)
        return [Part(number, whole, window.alpha > 0, window.mask, *_measure(mask, box, window.region))]
    owner = _nearest([(window.objects[number], boxes[number]) for number in numbers], window.alpha)
    parts = []
    for position, (number, place) in enumerate(zip(numbers, find_objects(owner, len(numbers)), strict=True), 1):
        if place is None:
            continue
        box = videdit.Region(place[1].start, place[0].start, place[1].stop, place[0].stop)
        shown = owner[place] == position
        hidden = shown & window.mask[place]
        if hidden.any():
            measured = _measure(window.objects[number], boxes[number], window.region)
            parts.append(Part(number, box, shown, hidden, *measured))
    return parts


def _nearest(tracked: Sequence[tuple[Mask, videdit.Region]], alpha: Alpha) -> NDArray[np.int32]:
    """Return 1 + the position of the object that each pixel with alpha is nearest to, 0 where alpha is 0.

    tracked: masks with their bounding boxes
    """
    owner = np.zeros(alpha.shape, np.int32)
    # Backwards, so that where objects overlap the first one stays.
    for position, (mask, box) in reversed(list(enumerate(tracked, 1))):
        owner[box.slices][mask[box.slices]] = position
    shown = alpha > 0
    if (shown & (owner == 0)).any():
        free = (owner == 0).view(np.uint8)
        _, nearest = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        # Labels number the pixels of the objects; each such pixel's own label tells whose it is.
        owned = owner > 0
        whose = np.zeros(int(nearest.max()) + 1, np.int32)
        whose[nearest[owned]] = owner[owned]
        owner = whose[nearest]
    owner[~shown] = 0
    return owner


def _measure(mask: Mask, box: videdit.Region, window_region: videdit.Region) -> tuple[tuple[float, float], float]:
    """Return an object's centre in the frame and its size."""
    moments = cv2.moments(np.ascontiguousarray(mask[box.slices]).view(np.uint8), binaryImage=True)
    area = moments["m00"]
    x, y = moments["m10"] / area, moments["m01"] / area
    return (window_region.x0 + box.x0 + x, window_region.y0 + box.y0 + y), 2 * float(np.sqrt(area / np.pi))
