"""Plain charts: lines over frames, and bars by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_COLOURS = [(31, 119, 180), (214, 90, 20), (44, 140, 60), (150, 80, 170), (120, 120, 120), (190, 160, 30)]
_INK, _GRID, _PAPER = (40, 40, 40), (225, 225, 225), 255
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 20, 44, 40
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_MARKS = 5


def line_chart(
    title: str,
    lines: Mapping[str, Sequence[float | None]],
    *,
    across: str = "frame",
    low: float | None = None,
    high: float | None = None,
    first: int = 0,
) -> Picture:
    """Draw values over their numbers; a gap where there is none.

    lines:     by name, for the legend
    across:    what the numbers below the axis are
    low, high: of the vertical axis; taken from the values if None
    first:     number of the first value

    Returns (360, 720, 3) uint8 RGB.
    """
    canvas = np.full((360, 720, 3), _PAPER, np.uint8)
    bottom, top = _span([value for line in lines.values() for value in line], low, high)
    _axis(canvas, title, bottom, top)
    count = max((len(line) for line in lines.values()), default=1)
    for number in _round_marks(count):
        x = _x(canvas, number, count)
        _text(canvas, f"{first + number}", (x - 8, canvas.shape[0] - _BOTTOM + 16))
    _text(canvas, across, (canvas.shape[1] // 2 - 20, canvas.shape[0] - 8))
    for place, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        _text(canvas, name, (_LEFT + 8 + 110 * place, 36), colour)
        before: tuple[int, int] | None = None
        for number, value in enumerate(line):
            at = None if not _known(value) else (_x(canvas, number, count), _y(canvas, float(value or 0), bottom, top))
            if at is not None and before is not None:
                cv2.line(canvas, before, at, colour, 2, cv2.LINE_AA)
            elif at is not None:
                cv2.circle(canvas, at, 2, colour, -1, cv2.LINE_AA)
            before = at
    return canvas


def bar_chart(
    title: str, bars: Mapping[str, float | None], *, low: float | None = 0.0, high: float | None = None
) -> Picture:
    """Draw a bar for each name, with its value beside it; as high as there are names. Returns (h, 720, 3) uint8 RGB."""
    row_px, head_px = 20, 34
    canvas = np.full((head_px + row_px * len(bars) + 12, 720, 3), _PAPER, np.uint8)
    _text(canvas, title, (8, 22), scale=0.55)
    bottom, top = _span(list(bars.values()), low, high)
    left, right = 200, canvas.shape[1] - 70
    for place, (name, value) in enumerate(bars.items()):
        y = head_px + row_px * place
        _text(canvas, name[:26], (8, y + 14))
        if not _known(value):
            _text(canvas, "-", (left, y + 14))
            continue
        share = min(1.0, max(0.0, (float(value or 0) - bottom) / (top - bottom)))
        end = left + round(share * (right - left))
        cv2.rectangle(canvas, (left, y + 3), (end, y + row_px - 4), _COLOURS[0], -1)
        _text(canvas, f"{value:.3g}", (end + 6, y + 14))
    return canvas


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _span(values: Sequence[float | None], low: float | None, high: float | None) -> tuple[float, float]:
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    bottom = low if low is not None else min(known, default=0.0)
    top = high if high is not None else max(known, default=1.0)
    return bottom, top if top > bottom else bottom + 1.0


def _axis(canvas: Picture, title: str, bottom: float, top: float) -> None:
    _text(canvas, title, (_LEFT, 18), scale=0.55)
    for mark in range(_MARKS + 1):
        value = bottom + (top - bottom) * mark / _MARKS
        y = _y(canvas, value, bottom, top)
        cv2.line(canvas, (_LEFT, y), (canvas.shape[1] - _RIGHT, y), _GRID, 1)
        _text(canvas, f"{value:.3g}", (8, y + 4))


def _round_marks(count: int) -> range:
    """Return at most ten numbers to write below an axis, at steps of 1, 2 or 5 times a power of ten."""
    step = 1
    while count / step > 10:
        step = next(one for one in _steps() if one > step)
    return range(0, count, step)


def _steps() -> list[int]:
    return [factor * 10**power for power in range(7) for factor in (1, 2, 5)]


def _x(canvas: Picture, number: int, count: int) -> int:
    width: int = canvas.shape[1] - _LEFT - _RIGHT
    return _LEFT + round(number * width / max(1, count - 1))


def _y(canvas: Picture, value: float, bottom: float, top: float) -> int:
    height: int = canvas.shape[0] - _TOP - _BOTTOM
    return _TOP + round((1 - min(1.0, max(0.0, (value - bottom) / (top - bottom)))) * height)


def _text(
    canvas: Picture, text: str, at: tuple[int, int], colour: tuple[int, int, int] = _INK, scale: float = 0.42
) -> None:
    # The font has ASCII alone.
    cv2.putText(canvas, text.encode("ascii", "replace").decode(), at, _FONT, scale, colour, 1, cv2.LINE_AA)
