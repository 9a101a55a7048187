"""Remove what is too small to be meant."""

from __future__ import annotations

import cv2
import numpy as np

from videdit.frames import Mask, Region

_CORNERS_TOUCH = 8
_SIDES_TOUCH = 4


def close_pinholes(mask: Mask, max_area_px: float) -> Mask:
    """Fill the holes of at most that area; a wheel's or an arm akimbo's, which are larger, stay open.

    mask:        (H, W) bool
    max_area_px: in square pixels

    Returns a new (H, W) bool array. A hole is enclosed by the mask on all sides; a bay, or a gap at the frame's
    border, is none.
    """
    result = mask.copy()
    region = Region.of(mask)
    if max_area_px < 1 or region.empty:
        return result
    crop = result[region.slices]
    outside = np.ascontiguousarray(~crop).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=_SIDES_TOUCH)
    fill = stats[:, cv2.CC_STAT_AREA] <= max_area_px
    # What reaches the bounding box's border is connected to the outside, or cut by the frame.
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    fill[border] = False
    fill[0] = False
    if count > 1 and fill.any():
        crop |= fill[labels]
    return result


def drop_specks(mask: Mask, max_area_px: float) -> Mask:
    """Remove the parts of at most that area; the largest part always stays, for the object itself may be tiny.

    mask:        (H, W) bool
    max_area_px: in square pixels

    Returns a new (H, W) bool array.
    """
    result = mask.copy()
    region = Region.of(mask)
    if max_area_px < 1 or region.empty:
        return result
    crop = result[region.slices]
    inside = np.ascontiguousarray(crop).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=_CORNERS_TOUCH)
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = areas > max_area_px
    keep[int(areas.argmax())] = True
    crop &= np.concatenate([[False], keep])[labels]
    return result
