"""What `auto` keeps of a frame: a few kilobytes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Frame

COLOURS_SIZE = (36, 64)
COARSE_SIZE = (9, 16)
DETAIL_SIZE = (72, 128)


@dataclass(frozen=True, slots=True)
class Reduced:
    """One frame, reduced.

    colours:  (36, 64, 3) float32 in [0, 255]
    coarse:   (432,)      float32 in [0, 255], the picture at 16 by 9, laid flat
    contrast: standard deviation of `colours`, mean of the channels; 0 for a plain frame
    across, down: root mean square gradients of luma at 128 by 72, along rows and along columns
    seconds:  the frame's time
    """

    colours: NDArray[np.float32]
    coarse: NDArray[np.float32]
    contrast: float
    across: float
    down: float
    seconds: float


def reduce(frame: Frame) -> Reduced:
    """Return what is kept of `frame`."""
    rgb = frame.rgb8
    # Through 128 by 72: the later reductions start from a ninth of the pixels.
    middle = cv2.resize(rgb, DETAIL_SIZE[::-1], interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY).astype(np.float32)
    colours = cv2.resize(middle, COLOURS_SIZE[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = cv2.resize(colours, COARSE_SIZE[::-1], interpolation=cv2.INTER_AREA).ravel()
    return Reduced(
        colours,
        coarse,
        contrast=float(colours.reshape(-1, 3).std(axis=0).mean()),
        across=float(np.sqrt(np.square(np.diff(luma, axis=1)).mean())),
        down=float(np.sqrt(np.square(np.diff(luma, axis=0)).mean())),
        seconds=float(frame.time_seconds),
    )
