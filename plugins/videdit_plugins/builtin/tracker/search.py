"""Find a lost object again by what it looks like, anywhere in the frame."""

from __future__ import annotations

import cv2
import numpy as np

from videdit.frames import Region
from videdit_plugins.builtin.tracker.appearance import lift
from videdit_plugins.builtin.tracker.channels import from_cells
from videdit_plugins.builtin.tracker.colours import colour_bins, log_ratio
from videdit_plugins.builtin.tracker.features import descriptors
from videdit_plugins.builtin.tracker.planes import FloatMap, Plane
from videdit_plugins.builtin.tracker.roi import GROWTH, LEAST_SIDE_PX, STEP, Roi, grid_scale
from videdit_plugins.builtin.tracker.target import Target

LONGEST_GRID_PX = 640
CLASSIFIER, COLOUR = 3.0, 2.0
LEAST_LIKENESS = 0.35


def find_again(target: Target, plane: Plane, sides: tuple[int, int]) -> FloatMap | None:
    """Return (h, w) float32 of work size: where `target` may be in `plane`, or None if nothing looks like it.

    The object is sought at the size it had when last seen, in every place.
    """
    roi = _whole(plane.size, target, sides)
    lab = roi.cut(plane.lab)
    cells = descriptors(lab)
    flat = cells.reshape(-1, cells.shape[2])
    # Any cell may be the middle of the object, so each one is asked about as if it were.
    lifted = lift(np.concatenate([flat, np.zeros((len(flat), 2), np.float32)], axis=1))
    said = from_cells(target.appearance.classify(lifted), roi.grid)
    odds: FloatMap = CLASSIFIER * said + COLOUR * log_ratio(target.given_colours, colour_bins(lab))
    likely = (1 / (1 + np.exp(-2 * odds))).astype(np.float32)
    high, wide = target.usual_box
    size = (max(3, round(wide * roi.zoom[0])), max(3, round(high * roi.zoom[1])))
    mean = cv2.boxFilter(likely, -1, size, borderType=cv2.BORDER_CONSTANT)
    _, best, _, (x, y) = cv2.minMaxLoc(mean)
    if best < LEAST_LIKENESS * target.usual_area / (high * wide):
        return None
    box = Region(x - size[0] // 2, y - size[1] // 2, x - size[0] // 2 + size[0], y - size[1] // 2 + size[1])
    kept = np.zeros_like(likely)
    inside = box.grown(0, likely.shape)
    kept[inside.slices] = likely[inside.slices]
    return roi.paste(kept, plane.size, 0.0)


def _whole(size: tuple[int, int], target: Target, sides: tuple[int, int]) -> Roi:
    """Return a window of the whole frame at the scale of the object's own."""
    side = GROWTH * max(target.usual_box)
    scale = min(grid_scale(max(side, LEAST_SIDE_PX), sides), LONGEST_GRID_PX / max(size))
    grid = (max(2 * STEP, STEP * round(size[0] * scale / STEP)), max(2 * STEP, STEP * round(size[1] * scale / STEP)))
    return Roi(Region.whole(size), grid, (size[1] / 2, size[0] / 2), side)
