"""Bring a picture to the frame's size."""

from __future__ import annotations

import cv2
import numpy as np

from videdit.frames import Rgb
from videdit_plugins.background.options import Fit


def fitted(picture: Rgb, size: tuple[int, int], fit: Fit) -> Rgb:
    """Scale a picture to a frame of `size` (height, width).

    picture: (h, w, 3) uint8 or uint16
    fit:     cover fills the frame and cuts what is too much off, evenly; contain shows all of it over black;
             stretch changes its shape

    Returns (height, width, 3) of the same dtype.
    """
    height, width = size
    ratios = height / picture.shape[0], width / picture.shape[1]
    if fit == "stretch":
        return _scaled(picture, height, width)
    ratio = max(ratios) if fit == "cover" else min(ratios)
    tall, wide = max(1, round(picture.shape[0] * ratio)), max(1, round(picture.shape[1] * ratio))
    scaled = _scaled(picture, tall, wide)
    if fit == "cover":
        top, left = (tall - height) // 2, (wide - width) // 2
        return scaled[top : top + height, left : left + width]
    result = np.zeros((height, width, 3), picture.dtype)
    top, left = (height - tall) // 2, (width - wide) // 2
    result[top : top + tall, left : left + wide] = scaled
    return result


def _scaled(picture: Rgb, height: int, width: int) -> Rgb:
    if picture.shape[:2] == (height, width):
        return picture
    smaller = height * width < picture.shape[0] * picture.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method))
