"""The choice of an object: a segment and some of its neighbours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.material.picture import SegmentedPicture

AREA = (0.015, 0.45)
NEIGHBOURS = (0.35, 0.3, 0.2, 0.15)
"""Chances of joining 0 to 3 neighbours."""
WHOLE = 0.6
"""Chance of taking a known whole object where there is one."""
BORDER = 0.12
REFUSED = 0.7
"""Chance of refusing an object with more than BORDER of its outline's box on the frame's border."""
TRIES = 30


def choose_object(
    picture: SegmentedPicture, random: np.random.Generator, area: tuple[float, float] = AREA
) -> NDArray[np.bool_] | None:
    """Return (H, W) bool, an object of between `area` of the frame, or None if the picture seems to have none."""
    labels = np.unique(picture.segments)
    for _ in range(TRIES):
        if picture.objects and random.random() < WHOLE:
            mask = picture.segments == random.choice(np.array(picture.objects))
        else:
            mask = picture.segments == random.choice(labels)
            for _ in range(int(random.choice(len(NEIGHBOURS), p=NEIGHBOURS))):
                beside = neighbours(picture.segments, mask)
                if len(beside):
                    mask = mask | (picture.segments == random.choice(beside))
        if not area[0] <= mask.mean() <= area[1]:
            continue
        if on_border(mask) <= BORDER or random.random() > REFUSED:
            return np.asarray(mask, np.bool_)
    return None


def neighbours(segments: NDArray[np.uint16], mask: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Return the labels that touch `mask` (H, W) from outside."""
    grown = cv2.dilate(mask.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.asarray(np.unique(segments[grown & ~mask]), np.uint16)


def on_border(mask: NDArray[np.bool_]) -> float:
    """Return the object's pixels on the frame's border, as a share of the square root of its area times four."""
    edge = mask[0].sum() + mask[-1].sum() + mask[1:-1, 0].sum() + mask[1:-1, -1].sum()
    return float(edge / (4 * max(float(mask.sum()), 1.0) ** 0.5))
