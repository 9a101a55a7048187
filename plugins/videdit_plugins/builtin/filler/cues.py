"""What there is to know of each view in each small square of a box, for the network that weighs them."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.fitting import Fit
from videdit_plugins.builtin.filler.views import View

SQUARE_PX = 4
CUES = 28
SHARE, WEIGHT = 0, 23
"""The cues that say how much of a square a view is used for, and what it counts there by the rules."""
_AROUND = (10, 11, 15, 16)
"""Of these the mean over 3 x 3 squares is a cue as well."""
_OWN = CUES - len(_AROUND)


def squares_of(where: Mask) -> Mask:
    """Return which squares hold a pixel of `where`, (h, w) bool: (ceil(h / 4), ceil(w / 4)) bool."""
    rows, columns = (-(-length // SQUARE_PX) for length in where.shape)
    whole = np.zeros((rows * SQUARE_PX, columns * SQUARE_PX), np.bool_)
    whole[: where.shape[0], : where.shape[1]] = where
    return np.asarray(whole.reshape(rows, SQUARE_PX, columns, SQUARE_PX).any(axis=(1, 3)))


def cues_of(fit: Fit, views: Sequence[View], rgb: NDArray[np.uint8], known: Mask, squares: Mask) -> NDArray[np.float32]:
    """Return (squares, views, cues) float32, each within about [-4, 4], of the squares asked for, row by row.

    rgb:     (h, w, 3) uint8, the frame itself
    known:   (h, w) bool, what its hole does not hide
    squares: as from `squares_of`
    """
    places = np.argwhere(squares)
    cues = np.zeros((len(places), len(views), CUES), np.float32)
    _gather(
        fit.rgb,
        _bent(views, places, known.shape),
        fit.errors,
        fit.weights,
        np.stack([view.valid for view in views]),
        np.stack([view.beside for view in views]),
        np.array([view.distance for view in views], np.float32),
        np.array([view.followed for view in views]),
        fit.contrast,
        rgb,
        known,
        places,
        cues,
    )
    _look_around(around(squares), np.array(_AROUND), cues)
    return cues


def around(squares: Mask) -> NDArray[np.int64]:
    """Return which squares lie around each of those asked for, and itself, (squares, 9) int64, row by row.

    They are counted as `cues_of` has them; -1 is none of them.
    """
    numbers = np.full((squares.shape[0] + 2, squares.shape[1] + 2), -1, np.int64)
    numbers[1:-1, 1:-1][squares] = np.arange(np.count_nonzero(squares))
    windows = np.lib.stride_tricks.sliding_window_view(numbers, (3, 3))
    return np.ascontiguousarray(windows[squares].reshape(-1, 9))


def _bent(views: Sequence[View], places: NDArray[np.int64], size: tuple[int, ...]) -> NDArray[np.float32]:
    """Return by how much a view's motion changes within each square, pixels a pixel, (squares, views) float32."""
    top, left = places[:, 0] * SQUARE_PX, places[:, 1] * SQUARE_PX
    bottom, right = np.minimum(top + SQUARE_PX, size[0]) - 1, np.minimum(left + SQUARE_PX, size[1]) - 1
    result = np.zeros((len(places), len(views)), np.float32)
    for number, view in enumerate(views):
        for plane in view.shift:
            corner = plane[top, left]
            result[:, number] += np.abs(plane[bottom, left] - corner) + np.abs(plane[top, right] - corner)
    return np.asarray(np.minimum(result / np.float32(SQUARE_PX - 1), np.float32(2)))


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _look_around(near, chosen, cues):  # type: ignore[no-untyped-def]
    """Fill in the means of the chosen cues over 3 x 3 squares, as far as views are used in them."""
    for s in range(len(near)):
        for v in range(cues.shape[1]):
            total = np.float32(0)
            for other in near[s]:
                if other < 0:
                    continue
                share = cues[other, v, SHARE]
                total += share
                for c in range(len(chosen)):
                    cues[s, v, _OWN + c] += share * cues[other, v, chosen[c]]
            for c in range(len(chosen)):
                cues[s, v, _OWN + c] /= total + np.float32(1e-3)


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _gather(  # type: ignore[no-untyped-def]
    rgb, bent, errors, weights, valid, beside, distance, followed, contrast, own, known, places, cues
):
    """Fill in what is known of each square by itself."""
    views, height, width = errors.shape
    # The mean of the views, its grey, and how far they are from it.
    mean, grey, deviation = (
        np.zeros((SQUARE_PX, SQUARE_PX, 3), np.float32),
        np.zeros((SQUARE_PX, SQUARE_PX), np.float32),
        np.zeros((SQUARE_PX, SQUARE_PX), np.float32),
    )
    total = np.zeros((SQUARE_PX, SQUARE_PX), np.float32)
    for s in range(len(places)):
        top, left = places[s, 0] * SQUARE_PX, places[s, 1] * SQUARE_PX
        bottom, right = min(top + SQUARE_PX, height), min(left + SQUARE_PX, width)
        pixels = np.float32((bottom - top) * (right - left))
        open_share, contrasts, deviations, count = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for y in range(top, bottom):
            for x in range(left, right):
                i, j = y - top, x - left
                red, green, blue, square = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
                total[i, j] = 0
                for v in range(views):
                    weight = weights[v, y, x]
                    if weight > 0:
                        count += 1
                        total[i, j] += weight
                        r, g, b = np.float32(rgb[v, y, x, 0]), np.float32(rgb[v, y, x, 1]), np.float32(rgb[v, y, x, 2])
                        red += weight * r
                        green += weight * g
                        blue += weight * b
                        square += weight * (r * r + g * g + b * b)
                if total[i, j] > 0:
                    red /= total[i, j]
                    green /= total[i, j]
                    blue /= total[i, j]
                    square = square / total[i, j] - red * red - green * green - blue * blue
                mean[i, j, 0], mean[i, j, 1], mean[i, j, 2] = red, green, blue
                grey[i, j] = _grey(red, green, blue)
                deviation[i, j] = np.sqrt(max(np.float32(0), square) + 1)
                open_share += known[y, x]
                contrasts += np.log1p(contrast[y, x])
                deviations += np.log(deviation[i, j])
        for v in range(views):
            seen, shown, close, weight = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            error, relative = np.float32(0), np.float32(0)
            # From the mean of the views, and from the frame where it is known.
            red, green, blue, away, apart = np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            own_red, own_green, own_blue, own_away = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            fine, fine2, rough, rough2 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            for y in range(top, bottom):
                for x in range(left, right):
                    shown += valid[v, y, x]
                    if not weights[v, y, x] > 0:
                        continue
                    i, j = y - top, x - left
                    seen += 1
                    close += beside[v, y, x]
                    weight += weights[v, y, x] / total[i, j]
                    error += min(errors[v, y, x], np.float32(30))
                    relative += min(errors[v, y, x] / (contrast[y, x] + 1), np.float32(3))
                    r, g, b = np.float32(rgb[v, y, x, 0]), np.float32(rgb[v, y, x, 1]), np.float32(rgb[v, y, x, 2])
                    one, two, three = r - mean[i, j, 0], g - mean[i, j, 1], b - mean[i, j, 2]
                    red += one
                    green += two
                    blue += three
                    length = np.sqrt(one * one + two * two + three * three)
                    away += min(length, np.float32(120))
                    apart += min(length / (deviation[i, j] + 3), np.float32(5))
                    if known[y, x]:
                        one, two, three = r - own[y, x, 0], g - own[y, x, 1], b - own[y, x, 2]
                        own_red += _within(one, np.float32(80))
                        own_green += _within(two, np.float32(80))
                        own_blue += _within(three, np.float32(80))
                        own_away += min(abs(one) + abs(two) + abs(three), np.float32(150))
                    lightness = _grey(r, g, b)
                    fine += lightness
                    fine2 += lightness * lightness
                    lightness -= grey[i, j]
                    rough += lightness
                    rough2 += lightness * lightness
            if seen == 0:
                continue
            cue = cues[s, v]
            cue[0], cue[1], cue[2] = seen / pixels, shown / pixels, close / pixels
            cue[3], cue[4] = followed[v], np.log1p(distance[v]) / 4
            cue[5], cue[6] = error / seen / 10, relative / seen
            cue[7] = _within(red / seen / 30, np.float32(2.5))
            cue[8] = _within(green / seen / 30, np.float32(2.5))
            cue[9] = _within(blue / seen / 30, np.float32(2.5))
            cue[10], cue[11] = away / seen / 30, apart / seen / 2
            cue[12], cue[13], cue[14] = own_red / pixels / 30, own_green / pixels / 30, own_blue / pixels / 30
            cue[15] = own_away / pixels / 50
            cue[16], cue[17] = _spread(rough, rough2, seen) / 10, _spread(fine, fine2, seen) / 10
            cue[18] = bent[s, v]
            cue[19], cue[20], cue[21] = open_share / pixels, contrasts / pixels / 3, deviations / pixels / 4
            cue[22], cue[23] = count / pixels / 20, weight / pixels


@numba.njit(cache=True, nogil=True)
def _grey(red, green, blue):  # type: ignore[no-untyped-def]
    return np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue


@numba.njit(cache=True, nogil=True)
def _within(value, most):  # type: ignore[no-untyped-def]
    return min(max(value, -most), most)


@numba.njit(cache=True, nogil=True)
def _spread(total, squares, count):  # type: ignore[no-untyped-def]
    """Return a standard deviation of `count` values from their sum and that of their squares, at most 40."""
    mean = total / count
    return min(np.sqrt(max(np.float32(0), squares / count - mean * mean)), np.float32(40))
