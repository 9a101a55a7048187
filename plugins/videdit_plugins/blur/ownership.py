"""Which object each hidden pixel belongs to."""

from __future__ import annotations

from collections.abc import Mapping
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
    tracked = {number: mask for number, mask in sorted(window.objects.items()) if mask.any()}
    if not tracked:
        tracked = {0: window.mask}
    if len(tracked) == 1:
        [(number, mask)] = tracked.items()
        box = videdit.Region.whole(window.alpha.shape)
        parts = [Part(number, box, window.alpha > 0, window.mask, *_measure(mask, window.region))]
    else:
        owner = _nearest(tracked, window.alpha)
        places = find_objects(owner, len(tracked))
        parts = []
        for position, (number, mask) in enumerate(tracked.items()):
            place = places[position]
            if place is not None:
                box = videdit.Region(place[1].start, place[0].start, place[1].stop, place[0].stop)
                shown = owner[place] == position + 1
                parts.append(Part(number, box, shown, shown & window.mask[place], *_measure(mask, window.region)))
    return [part for part in parts if part.hidden.any()]


def _nearest(tracked: Mapping[int, Mask], alpha: Alpha) -> NDArray[np.int32]:
    """Return 1 + the position of the object that each pixel with alpha is nearest to, 0 where alpha is 0."""
    owner = np.zeros(alpha.shape, np.int32)
    # Backwards, so that where objects overlap the first one stays.
    for position, mask in reversed(list(enumerate(tracked.values(), 1))):
        owner[mask] = position
    if (owner[alpha > 0] == 0).any():
        free = (owner == 0).view(np.uint8)
        _, nearest = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        # Labels number the zero pixels; each label's own pixel tells whose it is.
        whose = np.zeros(int(nearest.max()) + 1, np.int32)
        whose[nearest[owner > 0]] = owner[owner > 0]
        owner = whose[nearest]
    owner[alpha == 0] = 0
    return owner


def _measure(mask: Mask, region: videdit.Region) -> tuple[tuple[float, float], float]:
    moments = cv2.moments(np.ascontiguousarray(mask).view(np.uint8), binaryImage=True)
    area = moments["m00"]
    centre = (region.x0 + moments["m10"] / area, region.y0 + moments["m01"] / area)
    return centre, 2 * float(np.sqrt(area / np.pi))
