"""The built-in segmenter on real footage."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from videdit.frames import ArrayFrames, Region
from videdit.prompts import Box, Click


@pytest.mark.footage
def test_a_dog_is_found_by_a_box_and_two_clicks(footage, segmenter, iou):
    """Well under what is measured (0.87 and 0.85), well over what a broken part of the evidence leaves."""
    folder = footage / "davis"
    paths = sorted((folder / "JPEGImages" / "480p" / "dog").glob("*.jpg"))[26:35]
    frames = ArrayFrames([np.ascontiguousarray(cv2.imread(str(path))[..., ::-1]) for path in paths], first_index=26)
    truth = cv2.imread(str(folder / "Annotations" / "480p" / "dog" / "00030.png"), cv2.IMREAD_GRAYSCALE) > 0
    region = Region.of(truth)

    boxed = segmenter.segment(frames, 30, [Box(region.x0, region.y0, region.x1, region.y1)])
    assert iou(boxed[0].mask, truth) > 0.75

    inside = cv2.distanceTransform(truth.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    y, x = np.unravel_index(int(inside.argmax()), inside.shape)
    clicks = [Click(float(x), float(y)), Click(float(region.x0), float(region.y1 - 1), False)]
    assert iou(segmenter.segment(frames, 30, clicks)[0].mask, truth) > 0.75
