"""How far a tracked mask can be trusted: figures of what any tracker knows, and the one score made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Alpha, Frame, Mask
from videdit.ops.flow import optical_flow, warp
from videdit.tracker import Tracked

ROWS = 240
"""Frames are looked at this many pixels high: the figures do not hang on the last pixel, and their cost is small."""
RECOVERY, RETURN = 0.005, 0.05
"""What a score may rise by in a frame, and the share of what it lacks: a mask that was carried on from a doubtful one
is doubtful itself, however sure the tracker is of it."""
EXPONENTS: Mapping[str, float] = {"overlap": 1.0, "support": 0.25, "steady": 0.15, "looks": 0.1, "tracker": 0.05}
CHANGE, SHRUNK = 0.1, 0.6
"""Weights, in the exponent, of jumps of area and place, and of slow shrinking."""
ALLOWED = 0.1
"""Logarithm of the area that a mask may lose, motion apart, before it counts as shrinking."""
_LEAST = 1e-3
_BINS = (4, 16, 16)
_FULL = 2.0


@dataclass(frozen=True, slots=True)
class View:
    """A frame as the figures need it.

    grey: (h, w) uint8; bins: (h, w) int32, the colour bin of each pixel, in Lab
    """

    grey: NDArray[np.uint8]
    bins: NDArray[np.int32]

    @classmethod
    def of(cls, frame: Frame) -> View:
        """Return the view of a frame, of ROWS rows at most."""
        rgb = frame.rgb8
        height, width = inner_size(frame.size)
        small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
        lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB)).astype(np.int32)
        parts = [lab[..., axis] * count // 256 for axis, count in enumerate(_BINS)]
        bins = (parts[0] * _BINS[1] + parts[1]) * _BINS[2] + parts[2]
        return cls(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8), bins)


def inner_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) that a frame of `size` is looked at."""
    scale = min(1.0, ROWS / size[0])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def shrunk(values: NDArray[np.float32] | Mask, size: tuple[int, int]) -> Alpha:
    """Return (h, w) float32 of the inner size of `size`."""
    height, width = inner_size(size)
    return np.asarray(cv2.resize(values.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA), np.float32)


def looks_of(view: View, weights: Alpha) -> NDArray[np.float32]:
    """Return the colours of an object, a histogram that adds up to 1; of zeros if there is none."""
    shares = np.bincount(view.bins.ravel(), weights.ravel(), int(np.prod(_BINS)))
    return np.asarray(shares / max(shares.sum(), 1e-6), np.float32)


def alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the Bhattacharyya coefficient of two histograms, in [0, 1]."""
    return float(np.sqrt(one * other).sum())


def overlap(one: Mask, other: Mask) -> float:
    """Return the intersection over union of two masks of one size; 1 if both are empty."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def motion(now: View, before: View) -> NDArray[np.float32]:
    """Return (h, w, 2) float32: where each pixel of `now` was on the frame before."""
    return optical_flow(now.grey, before.grey, "fast")


def figures(
    tracked: Tracked, small: Alpha, view: View, carried: Alpha, looks: NDArray[np.float32], drift: float
) -> dict[str, float]:
    """Return the named figures of one mask that is not empty.

    small:   (h, w) float32, the tracked probability at inner size; the mask where there is none
    carried: (h, w) float32, the last one moved along the flow
    looks:   the colours of the object where it was confirmed
    drift:   sum of the growths since then

    tracker   the tracker's own score
    support   how much of what its memory knows of the object it found inside the mask; 1 where it does not say
    overlap   IoU with the truth to be expected if the probabilities are right; the tracker's score where it has none
    margin    mean lead over the rest inside the mask, in [0, 1]
    entropy   mean entropy in and around the mask, in [0, 1]
    steady    overlap with the last mask moved along the flow
    growth    log of the area against that of the last mask, moved along the flow: what motion does not explain
    jump      distance of the centre from where the flow carries it, in square roots of the area
    drift     sum of the growths since the object was confirmed
    These but the last are as if nothing had changed where the object was absent before.
    looks     likeness of the colours to the confirmed ones, in [0, 1]
    """
    mask, last = small > 0.5, carried > 0.5
    area = float(np.count_nonzero(mask))
    if not last.any():
        last = mask
    growth = float(np.clip(np.log((area + 1) / (np.count_nonzero(last) + 1)), -_FULL, _FULL))
    found = {
        "tracker": tracked.score,
        "support": _support(tracked, small),
        "steady": overlap(mask, last),
        "growth": growth,
        "drift": drift + growth,
        "jump": _jump(mask, last, area),
        "looks": alike(looks_of(view, mask.astype(np.float32)), looks),
    }
    if tracked.probability is None or area == 0:
        return {**found, "overlap": tracked.score}
    near = cv2.dilate(mask.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    held = np.clip(small, 1e-4, 1 - 1e-4)
    entropy = -(held * np.log2(held) + (1 - held) * np.log2(1 - held))
    return {
        **found,
        "overlap": float(small[mask].sum() / (area + small[~mask].sum())),
        "margin": float((2 * small[mask] - 1).mean()),
        "entropy": float(entropy[near].mean()),
    }


def _support(tracked: Tracked, small: Alpha) -> float:
    """Return the mean support inside the mask, against what a memory of places that coarse could give at best."""
    if tracked.support is None:
        return 1.0
    covered = cv2.resize(small, tracked.support.shape[::-1], interpolation=cv2.INTER_AREA)
    # On a place half of which is the object, half is all that memory can find of it.
    best = float((covered * covered).sum())
    return min(1.0, float((tracked.support * covered).sum()) / best) if best > 0 else 1.0


def score(named: Mapping[str, float], exponents: Mapping[str, float] = EXPONENTS) -> float:
    """Return the estimate of the IoU that `figures` lead to, in [0, 1]: a weighted product, so that one may veto."""
    product = 1.0
    for name, power in exponents.items():
        product *= max(named[name], _LEAST) ** power
    doubt = CHANGE * (abs(named["growth"]) + named["jump"]) + SHRUNK * max(0.0, -named["drift"] - ALLOWED)
    return float(min(1.0, product * np.exp(-doubt)))


def held_back(now: float, before: float) -> float:
    """Return the score of a mask that looks as good as `now`, carried on from one whose score was `before`."""
    return min(now, before + RECOVERY + RETURN * max(0.0, now - before))


def carried_along(values: Alpha, flow: NDArray[np.float32]) -> Alpha:
    """Return (h, w) float32: `values` of the frame before, moved to where they are now."""
    return np.asarray(warp(values, flow), np.float32)


def _jump(mask: Mask, last: Mask, area: float) -> float:
    if not mask.any() or not last.any():
        return _FULL
    distance = np.hypot(*(_centre(mask) - _centre(last)))
    return float(min(_FULL, distance / np.sqrt(area)))


def _centre(mask: Mask) -> NDArray[np.float64]:
    rows, columns = np.nonzero(mask)
    return np.array([rows.mean(), columns.mean()])
