"""A film to learn from."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.material import Film


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """A film of 24 frames, 240x320: a red disc goes 5 pixels to the right each frame."""
    folder = tmp_path_factory.mktemp("davis")
    places = folder / "JPEGImages/480p/disc", folder / "Annotations/480p/disc"
    for place in places:
        place.mkdir(parents=True)
    ground = np.random.default_rng(0).integers(0, 90, (240, 320, 3), np.uint8)
    for number in range(24):
        mask = cv2.circle(np.zeros((240, 320), np.uint8), (90 + 5 * number, 120), 25, 255, -1)
        bgr = np.where(mask[..., None] > 0, np.uint8([0, 0, 220]), ground)
        cv2.imwrite(str(places[0] / f"{number:05}.jpg"), bgr)
        cv2.imwrite(str(places[1] / f"{number:05}.png"), mask)
    return Film.of_davis(folder, "disc")
