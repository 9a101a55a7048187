"""Prompts laid out on a grid of pixels, at any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask, Region
from videdit.prompts import Box, Click, MaskPrompt, Prompt, Stroke

_SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True)
class Pointing:
    """What the prompts of one object say about each pixel of a grid.

    inside:   (H, W) bool, pixels that belong to the object for sure
    outside:  (H, W) bool, pixels that do not; never both
    touched:  (H, W) bool, what the last click or stroke covers; empty if the last prompt is of another kind
    box:      the last box drawn, or None; nothing outside it belongs to the object unless it was pointed at
    painted:  (H, W) bool, union of the mask prompts, or None if there is none
    positive: (N, 2) float32, x and y of the places pointed at as the object
    negative: (M, 2) float32, x and y of the places pointed at as not the object
    """

    inside: Mask
    outside: Mask
    touched: Mask
    box: Region | None
    painted: Mask | None
    positive: NDArray[np.float32]
    negative: NDArray[np.float32]


def lay_out(prompts: Sequence[Prompt], full: tuple[int, int], size: tuple[int, int], click_radius_px: int) -> Pointing:
    """Draw `prompts`, given in pixels of a frame of `full` (height, width), on a grid of `size`.

    click_radius_px: how far around a click the pixels are taken for sure, in pixels of the grid; 0 for its pixel alone

    Where drawings overlap, a click's own pixel is its own, and otherwise the later one counts.
    """
    scale = np.array([size[1] / full[1], size[0] / full[0]])
    sign = np.zeros(size, np.int8)
    touched = np.zeros(size, bool)
    box: Region | None = None
    painted: Mask | None = None
    places: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for prompt in prompts:
        touched = np.zeros(size, bool)
        if isinstance(prompt, Click):
            touched = _disc(prompt, scale, size, click_radius_px)
        elif isinstance(prompt, Stroke):
            touched = _line(prompt, scale, size)
        elif isinstance(prompt, Box):
            box = _region(prompt, scale, size)
        elif isinstance(prompt, MaskPrompt) and prompt.mask is not None:
            mask = shrink(prompt.mask, size) > 0.5
            painted = mask if painted is None else painted | mask
        if isinstance(prompt, Click | Stroke):
            sign[touched] = 1 if prompt.positive else -1
            points = [(prompt.x, prompt.y)] if isinstance(prompt, Click) else _along(prompt)
            places[prompt.positive] += [(x * scale[0], y * scale[1]) for x, y in points]
    for prompt in prompts:
        if isinstance(prompt, Click):
            x, y = _pixel(prompt, scale, size)
            sign[y, x] = 1 if prompt.positive else -1
    positive, negative = (np.array(places[kind], np.float32).reshape(-1, 2) for kind in (True, False))
    return Pointing(sign > 0, sign < 0, touched, box, painted, positive, negative)


def shrink(mask: Mask, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the share of each grid cell that `mask` covers, (H, W) float32 in [0, 1]."""
    small: NDArray[np.float32] = cv2.resize(mask.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return small


def _pixel(click: Click, scale: NDArray[np.float64], size: tuple[int, int]) -> tuple[int, int]:
    x, y = int(click.x * scale[0]), int(click.y * scale[1])
    return min(max(x, 0), size[1] - 1), min(max(y, 0), size[0] - 1)


def _disc(click: Click, scale: NDArray[np.float64], size: tuple[int, int], radius_px: int) -> Mask:
    drawn = np.zeros(size, np.uint8)
    cv2.circle(drawn, _pixel(click, scale, size), radius_px, 1, -1)
    return drawn > 0


def _line(stroke: Stroke, scale: NDArray[np.float64], size: tuple[int, int]) -> Mask:
    """Return the pixels whose centres lie within the brush; at least those the line runs through."""
    drawn = np.zeros(size, np.uint8)
    points = np.array(stroke.points, np.float64) * scale - 0.5
    whole = np.rint(points * 2**_SUBPIXEL_BITS).astype(np.int32)
    width = max(1, round(2 * stroke.radius_px * float(scale.min())))
    if len(whole) == 1:
        whole = np.repeat(whole, 2, axis=0)
    cv2.polylines(drawn, [whole.reshape(-1, 1, 2)], False, 1, width, cv2.LINE_8, _SUBPIXEL_BITS)
    return drawn > 0


def _along(stroke: Stroke) -> list[tuple[float, float]]:
    """Return points along the line, a brush's width apart, each of which counts as a place pointed at."""
    points = [stroke.points[0]]
    for (x0, y0), (x1, y1) in zip(stroke.points, stroke.points[1:], strict=False):
        steps = max(1, int(np.hypot(x1 - x0, y1 - y0) / (2 * stroke.radius_px)))
        points += [(x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps) for k in range(1, steps + 1)]
    return points


def _region(box: Box, scale: NDArray[np.float64], size: tuple[int, int]) -> Region:
    """Return the box as whole pixels, grown to the next border, inside the grid and at least one pixel."""
    x0 = int(np.clip(np.floor(box.x0 * scale[0]), 0, size[1] - 1))
    y0 = int(np.clip(np.floor(box.y0 * scale[1]), 0, size[0] - 1))
    x1 = int(np.clip(np.ceil(box.x1 * scale[0]), x0 + 1, size[1]))
    y1 = int(np.clip(np.ceil(box.y1 * scale[1]), y0 + 1, size[0]))
    return Region(x0, y0, x1, y1)
