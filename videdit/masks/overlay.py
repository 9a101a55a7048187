"""Masks drawn over the picture: a tint, a contour and a label in the object's own colour."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError
from videdit.frames import Region
from videdit.masks.packed import PackedMask

_GOLDEN_RATIO = 0.6180339887498949
_FIRST_HUE = 0.55
_DARK = (16, 16, 16)
_BRIGHTNESS = np.array([0.299, 0.587, 0.114])
_LEAST_BRIGHTNESS = 0.5
_FONT = "sans"
_SEMIBOLD = 600


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """How masks are drawn.

    opacity:    of the tint, 0 for none
    contour_px: width of the line around each object, 0 for none; None suits the picture's height
    labels:     whether each object's id and name are written at it
    """

    opacity: float = 0.45
    contour_px: int | None = None
    labels: bool = True


def object_colour(object_id: int) -> tuple[int, int, int]:
    """Return an object's colour as RGB: the same for one id everywhere, far from those of the ids around it."""
    hue = (_FIRST_HUE + (object_id - 1) * _GOLDEN_RATIO) % 1.0
    pure = np.array(colorsys.hsv_to_rgb(hue, 0.85, 1.0))
    # Blues are dark to the eye: mixed with as much white as brings every colour to one brightness at least.
    brightness = float(pure @ _BRIGHTNESS)
    white = max(0.0, (_LEAST_BRIGHTNESS - brightness) / (1.0 - brightness))
    red, green, blue = np.rint((pure + white * (1.0 - pure)) * 255).astype(int).tolist()
    return red, green, blue


def draw_overlay(
    rgb: NDArray[np.uint8],
    masks: Mapping[int, PackedMask],
    names: Mapping[int, str],
    style: OverlayStyle | None = None,
) -> NDArray[np.uint8]:
    """Draw masks over a picture.

    rgb:   (H, W, 3) uint8 RGB; left as it is
    masks: object id -> mask, all of the picture's size; later ones are drawn over earlier ones
    names: object id -> what to write beside its id; the id alone where there is none

    Returns (H, W, 3) uint8. Pixels that no tint, line or label covers are byte-identical to `rgb`.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ShapeError(f"a picture to draw on is (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    style = style or OverlayStyle()
    height = rgb.shape[0]
    line_px = style.contour_px if style.contour_px is not None else max(1, round(height / 400))
    picture = np.ascontiguousarray(rgb).copy()
    there = {object_id: packed for object_id, packed in masks.items() if not packed.empty}
    for object_id, packed in there.items():
        if packed.size != rgb.shape[:2]:
            raise ShapeError(f"the mask of object {object_id} is {packed.size}, the picture {rgb.shape[:2]}")
        _tint(picture, packed, object_colour(object_id), style.opacity)
    if line_px > 0:
        for object_id, packed in there.items():
            _draw_contour(picture, packed, object_colour(object_id), line_px)
    if style.labels:
        _draw_labels(picture, there, names, line_px)
    return picture


def _tint(picture: NDArray[np.uint8], packed: PackedMask, colour: tuple[int, int, int], opacity: float) -> None:
    part = picture[packed.region.slices]
    crop = packed.crop()
    tinted = cv2.addWeighted(part, 1.0 - opacity, np.full_like(part, colour), opacity, 0.0)
    np.copyto(part, tinted, where=crop[:, :, None])


def _draw_contour(picture: NDArray[np.uint8], packed: PackedMask, colour: tuple[int, int, int], line_px: int) -> None:
    region = packed.region
    contours, _ = cv2.findContours(
        packed.crop().view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=(region.x0, region.y0)
    )
    # A dark line beneath sets the coloured one off from ground of the same colour.
    cv2.drawContours(picture, contours, -1, _DARK, line_px + 2, cv2.LINE_AA)
    cv2.drawContours(picture, contours, -1, colour, line_px, cv2.LINE_AA)


def _draw_labels(
    picture: NDArray[np.uint8], masks: Mapping[int, PackedMask], names: Mapping[int, str], line_px: int
) -> None:
    height, width = picture.shape[:2]
    font = cv2.FontFace(_FONT)
    text_px = max(9, round(height / 45))
    padding_px = max(2, text_px // 4)
    taken: list[Region] = []
    for object_id, packed in masks.items():
        text = f"{object_id} {names.get(object_id, '')}".strip().replace("\n", " ")
        _, _, text_width, _ = cv2.getTextSize((0, 0), text, (0, 0), font, text_px, _SEMIBOLD)
        size = (min(width, text_width + 2 * padding_px), min(height, round(text_px * 1.2) + 2 * padding_px))
        chip = _place(packed, size, (height, width), taken, line_px + 2)
        taken.append(chip)
        colour = object_colour(object_id)
        picture[chip.slices] = colour
        # Drawn into a copy of the chip, so that a text too long for the picture ends at the chip's edge.
        inside = np.ascontiguousarray(picture[chip.slices])
        origin = (padding_px, padding_px + text_px)
        cv2.putText(inside, text, origin, _DARK, font, text_px, _SEMIBOLD)
        picture[chip.slices] = inside


def _place(
    packed: PackedMask, chip: tuple[int, int], size: tuple[int, int], taken: list[Region], gap_px: int
) -> Region:
    """Return where a chip (width, height) goes: above the mask, below it or inside, clear of other chips if it can.

    It is centred over the mask's highest point, which lies nearer to the object than a corner of its box.
    """
    box, (height, width) = packed.region, size
    column = box.x0 + int(np.median(np.flatnonzero(packed.crop()[0])))
    left = min(max(0, column - chip[0] // 2), width - chip[0])
    inside = box.y0 + gap_px
    tops = [box.y0 - gap_px - chip[1], box.y1 + gap_px, *(inside + row * chip[1] for row in range(6))]
    fitting = [top for top in tops if 0 <= top <= height - chip[1]]
    places = [Region(left, top, left + chip[0], top + chip[1]) for top in fitting or [0]]
    return next((one for one in places if not any(_meet(one, other) for other in taken)), places[0])


def _meet(one: Region, other: Region) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1
