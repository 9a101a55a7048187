"""The learned part of the filler: how much each view counts, from all that is known of it and of the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from videdit.checkpoints import load_arrays
from videdit.frames import Mask
from videdit_plugins.builtin.filler.cues import CUES, SHARE, SQUARE_PX, WEIGHT, around, cues_of, squares_of
from videdit_plugins.builtin.filler.diffusion import Plane
from videdit_plugins.builtin.filler.fitting import Fit
from videdit_plugins.builtin.filler.views import View

WEIGHTS = tuple(Path(__file__).with_name(f"weigher-{number}.safetensors") for number in (1, 2))
"""Two networks that learned from different films."""
WIDTH, ROUNDS = 16, 2
SHAPES = {
    "look.weight": (WIDTH, CUES),
    "look.bias": (WIDTH,),
    **{
        name: shape
        for number in range(ROUNDS)
        for name, shape in ((f"compare.{number}.weight", (WIDTH, 4 * WIDTH)), (f"compare.{number}.bias", (WIDTH,)))
    },
    "say.weight": (1, WIDTH),
    "say.bias": (1,),
}
MOST = 6.0
"""The logarithm of a factor is kept within that, both ways."""


class Weigher:
    """Networks that look at a square of every view, compare it with the others' and say by what factor to weigh it.

    Each is a layer on the cues of a view, and two, one after the other, on what that gives beside its mean over the
    views, its largest value among them, and its mean over the squares around: the order of views does not matter, and
    their number may be any.
    Source: M. Zaheer et al., "Deep Sets", 2017.
    """

    def __init__(self, weights: Sequence[Path] = WEIGHTS) -> None:
        """Read safetensors files, as `training.weigher` writes them.

        Raises MissingCheckpoint if there is no such file, CorruptCheckpoint if it does not fit the network.
        """
        self._networks = [
            [np.ascontiguousarray(arrays[name].T) for name in SHAPES]
            for arrays in (load_arrays(path, SHAPES) for path in weights)
        ]

    def factors(
        self, fit: Fit, views: Sequence[View], rgb: NDArray[np.uint8], known: Mask, where: Mask
    ) -> NDArray[np.float32]:
        """Return what to multiply the weights of `fit` by, (views, h, w) float32.

        rgb:   (h, w, 3) uint8, the frame
        known: (h, w) bool, what its hole does not hide
        where: (h, w) bool, where it is asked for; elsewhere 1
        """
        squares = squares_of(where)
        cues = cues_of(fit, views, rgb, known, squares)
        factors = np.ones((len(views), *squares.shape), np.float32)
        factors[:, squares] = np.exp(np.clip(self.said(cues, around(squares)), -MOST, MOST)).T
        height, width = where.shape
        size = squares.shape[1] * SQUARE_PX, squares.shape[0] * SQUARE_PX
        return np.stack([cv2.resize(plane, size)[:height, :width] for plane in factors])

    def said(self, cues: NDArray[np.float32], near: NDArray[np.int64]) -> Plane:
        """Return the networks' mean, logarithms of factors, (squares, views) float32, of (squares, views, cues).

        near: (squares, 9), which squares lie around each, see `around`

        Of a view that is not used in a square they say 0.
        """
        squares, views, _ = cues.shape
        said, share = np.zeros((squares, views), np.float32), cues[..., SHARE, None]
        shares = _over(near, np.ascontiguousarray(share)) + np.float32(1e-3)
        for look, look_bias, *rounds, say, say_bias in self._networks:
            # Square by square: of large products BLAS gives shares to threads, and rounds as their number is.
            looked = cues @ look
            looked += look_bias
            np.maximum(looked, 0, out=looked)
            for compare, bias in zip(rounds[::2], rounds[1::2], strict=True):
                own, means, most, beside = np.split(compare, 4)
                mean, largest = np.zeros((2, squares, 1, WIDTH), np.float32)
                _gather(cues, looked, mean, largest)
                surroundings = _over(near, looked * share)
                surroundings /= shares
                looked = looked @ own
                looked += surroundings @ beside
                looked += mean @ means + largest @ most + bias
                np.maximum(looked, 0, out=looked)
            said += (share[..., 0] > 0) * ((looked @ say)[..., 0] + say_bias[0])
        return said / np.float32(len(self._networks))


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _gather(cues, looked, mean, largest):  # type: ignore[no-untyped-def]
    """Fill in, for each square, the mean and the largest of what was made of its views, (squares, views, WIDTH)."""
    squares, views, _ = cues.shape
    for s in range(squares):
        total = np.float32(1e-3)
        for v in range(views):
            weight = cues[s, v, WEIGHT]
            total += weight
            if cues[s, v, SHARE] > 0:
                for w in range(WIDTH):
                    mean[s, 0, w] += weight * looked[s, v, w]
                    largest[s, 0, w] = max(largest[s, 0, w], looked[s, v, w])
        for w in range(WIDTH):
            mean[s, 0, w] /= total


def _over(near: NDArray[np.int64], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums of (squares, views, C) float32 over the squares around each."""
    result = np.zeros_like(values)
    _add(near, values.reshape(len(values), -1), result.reshape(len(values), -1))
    return result


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _add(near, values, result):  # type: ignore[no-untyped-def]
    for s in range(len(near)):
        for other in near[s]:
            if other >= 0:
                for w in range(values.shape[1]):
                    result[s, w] += values[other, w]


@cache
def of_videdit() -> Weigher | None:
    """Return the networks that come along, None if the package comes without."""
    return Weigher() if all(path.exists() for path in WEIGHTS) else None
