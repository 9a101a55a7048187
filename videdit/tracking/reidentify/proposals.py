"""Where on a frame an object may be: places whose cells resemble its own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask, Region
from videdit.tracking.reidentify.cells import Cells
from videdit.tracking.reidentify.gallery import Gallery, nearest

SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
NEAR, FAR = 2.0, 1.1
RING = 0.5


@dataclass(frozen=True, slots=True)
class Proposal:
    """A box on a frame in which the object may be.

    heat:  mean resemblance inside the box, in [0, 1]; strength: how far it stands out, which ranks proposals
    rough: (H, W) bool, the cells in it that resemble the object
    """

    box: Region
    heat: float
    strength: float
    rough: Mask


def heat_map(gallery: Gallery, cells: Cells) -> NDArray[np.float32]:
    """Return (h, w) float32 in [0, 1]: how much each cell looks like the object, and not like what was around it."""
    height, width = cells.grid
    flat = cells.features.reshape(height * width, -1)
    own, ground = nearest(flat, gallery.cells), nearest(flat, gallery.ground)
    like = np.exp(-np.square(own / (NEAR * gallery.near)))
    rather = 1 / (1 + np.exp(-np.clip(4 * (ground - FAR * own) / gallery.near, -30, 30)))
    heat = (like * rather).reshape(height, width).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(heat, (0, 0), 0.8), np.float32)


def propose(gallery: Gallery, cells: Cells, size: tuple[int, int], at_most: int) -> list[Proposal]:
    """Return boxes in which the object may be, the strongest first, none of which hold each other's middle."""
    heat = heat_map(gallery, cells)
    boxes = np.array([one.box_px for one in gallery.views], np.float64)
    high, wide = np.median(boxes[:, 0]) * cells.scale[1], np.median(boxes[:, 1]) * cells.scale[0]
    fill = float(np.median([one.area_px / (one.box_px[0] * one.box_px[1]) for one in gallery.views]))
    found: list[tuple[float, float, Region]] = []
    for scale in SCALES:
        window = (max(2, round(wide * scale)), max(2, round(high * scale)))
        if window[0] > 1.2 * cells.grid[1] or window[1] > 1.2 * cells.grid[0]:
            continue
        inside = cv2.boxFilter(heat, -1, window, borderType=cv2.BORDER_CONSTANT)
        grown = (round(window[0] * (1 + RING)), round(window[1] * (1 + RING)))
        total = cv2.boxFilter(heat, -1, grown, normalize=False, borderType=cv2.BORDER_CONSTANT)
        area = window[0] * window[1]
        ring = (total - inside * area) / max(1, grown[0] * grown[1] - area)
        strength = np.minimum(inside / fill, 1) - ring / fill * 0.7
        strength *= area**0.15
        for _ in range(at_most):
            _, best, _, (x, y) = cv2.minMaxLoc(strength)
            if best <= 0:
                break
            left, top = x - window[0] // 2, y - window[1] // 2
            box = Region(left, top, left + window[0], top + window[1]).grown(0, cells.grid)
            found.append((float(best), float(inside[y, x]), box))
            strength[
                max(0, y - window[1] // 2) : y + window[1] // 2 + 1, max(0, x - window[0] // 2) : x + window[0] // 2 + 1
            ] = -1
    kept: list[Proposal] = []
    taken: list[Region] = []
    for best, mean, box in sorted(found, key=lambda one: -one[0]):
        if len(kept) == at_most:
            break
        if all(_apart(box, other) for other in taken):
            taken.append(box)
            kept.append(_on_frame(box, mean, best, heat, cells, size))
    return kept


def _apart(one: Region, other: Region) -> bool:
    x, y = (one.x0 + one.x1) / 2, (one.y0 + one.y1) / 2
    return not (other.x0 <= x <= other.x1 and other.y0 <= y <= other.y1)


def _on_frame(
    box: Region, mean: float, strength: float, heat: NDArray[np.float32], cells: Cells, size: tuple[int, int]
) -> Proposal:
    inside = np.zeros_like(heat)
    inside[box.slices] = heat[box.slices]
    hot = inside > max(0.15, 0.4 * float(inside.max()))
    tight = Region.of(hot).grown(1, cells.grid)
    across, down = cells.scale
    full = Region(int(tight.x0 / across), int(tight.y0 / down), round(tight.x1 / across), round(tight.y1 / down)).grown(
        0, size
    )
    rough = cv2.resize(inside, size[::-1], interpolation=cv2.INTER_LINEAR) > 0.5 * max(0.15, 0.4 * float(inside.max()))
    return Proposal(full, mean, strength, rough)
