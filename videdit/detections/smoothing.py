"""Take the tremble out of the sizes of a row of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from videdit.detections.sightings import Sighting, as_boxes, as_tuple

_SIGMA_FRAMES = 3.0


def smoothed(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Return them with their sizes smoothed over time; runs with gaps between them one by one.

    A detector measures the size anew at each look. Places stay: they move, and the flow that carries them is smooth.
    A box never becomes smaller, so that nothing that was covered is laid open.
    """
    result: list[Sighting] = []
    for run in _runs(sightings):
        boxes = as_boxes([one.box for one in run])
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        size = boxes[:, 2:] - boxes[:, :2]
        calm = np.maximum(gaussian_filter1d(size, _SIGMA_FRAMES, axis=0, mode="nearest"), size)
        new = np.hstack([middle - calm / 2, middle + calm / 2])
        result += [replace(one, box=as_tuple(box)) for one, box in zip(run, new, strict=True)]
    return result


def _runs(sightings: Sequence[Sighting]) -> list[list[Sighting]]:
    runs: list[list[Sighting]] = []
    for one in sightings:
        if runs and one.index == runs[-1][-1].index + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs
