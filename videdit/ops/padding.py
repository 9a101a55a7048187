"""Bring pictures to the sizes that networks ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region


def pad_to_multiple(image: NDArray[Any], multiple_of: int) -> tuple[NDArray[Any], Region]:
    """Mirror a picture at its right and lower border until both sides are multiples of `multiple_of`.

    image: (H, W) or (H, W, C), any dtype; however small, it is mirrored as often as it takes

    Returns the padded picture, and the region of it that is the picture: `padded[region.slices]`.
    """
    height, width = image.shape[:2]
    if height % multiple_of == width % multiple_of == 0:
        return image.copy(), Region(0, 0, width, height)
    margins = [(0, -height % multiple_of), (0, -width % multiple_of)] + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, margins, mode="symmetric"), Region(0, 0, width, height)
