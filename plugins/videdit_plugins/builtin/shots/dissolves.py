"""Dissolves: the pictures between two ends are mixtures of the two, with a share that rises steadily.

Three signs, none of which is enough alone: the frames lie near the straight line between the ends (a pan's do not);
contrast and detail sag in the middle, because two pictures that have nothing to do with each other cancel in part
when they are added (in a pan only detail does, along one axis more than along the other); the ends are not alike
(after a change of light they are).
"""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.shots.cuts import LOOKAHEAD_FRAMES
from videdit_plugins.builtin.shots.window import Window

HALF_LENGTHS = (6, 9, 13, 17)
"""Windows of 12 to 34 frames at 25 to 30 frames a second."""
CERTAIN = 1.5
"""Log odds from which a window counts as a dissolve; chosen, as the weights were, on benchmarks/shots' tune half."""
SMALLEST_CHANGE = 12.0
"""Root mean square, in codes, between the coarse ends: what changes less is no dissolve between two shots."""
HOPEFUL_LIKENESS = 0.3
"""Ends less alike than this are rare, so what fails even so needs no look at the true likeness, which is costly."""

WEIGHTS = np.array([-7.56, -3.44, -0.1, 6.42, -7.38, 4.7, -8.63, -8.76, -4.45, -9.02])
"""By `python -m benchmarks.shots.fit`, of: likeness of the ends, distance from the line, steepest step, steadiness,
sag of contrast and of detail by the shares, the same midway, smear (detail lost along one axis only), skew."""
BIAS = 17.57
ROOMY = 1.6
"""In half windows: a dissolve that seems longer than this may go on beyond its window."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a window tells.

    odds:   log odds that it holds a dissolve
    middle: number of the first frame with more of the second picture than of the first
    frames: how many frames are mixtures
    """

    odds: float
    middle: int
    frames: int


class Dissolves:
    """Follows a film and tells which windows hold a dissolve, the best of those that overlap.

    lag_frames: what is told may concern frames so far back
    """

    def __init__(self, scale: int) -> None:
        self._halves = tuple(half * scale for half in HALF_LENGTHS)
        self._reach = self._halves[-1]
        self._cuts_late = LOOKAHEAD_FRAMES * scale
        self._scored = 0
        self._settled = 0
        self._mixtures: dict[int, Mixture] = {}
        self.lag_frames = 2 * self._reach + 1 + self._cuts_late

    def follow(self, window: Window, breaks: Container[int], *, last: bool) -> list[Mixture]:
        """Look at windows that the newest frame of `window` completes; `last` says that the film ends with it.

        breaks: numbers of frames that no window may hold: plain ones, the first after a cut, the ends of flashes
        """
        known = window.stop if last else window.stop - self._reach - self._cuts_late
        while self._scored < known:
            best = self._best(window, self._scored, breaks)
            if best is not None:
                self._mixtures[self._scored] = best
            self._scored += 1
        told = []
        while self._settled < (self._scored if last else self._scored - self._reach):
            if self._is_peak(self._settled):
                told.append(self._mixtures[self._settled])
            self._settled += 1
            self._mixtures.pop(self._settled - self._reach - 1, None)
        return told

    def _best(self, window: Window, number: int, breaks: Container[int]) -> Mixture | None:
        found: list[Mixture] = []
        roomy: list[Mixture] = []
        for half in self._halves:
            if any(other in breaks for other in range(number - half, number + half + 1)):
                break
            mixture = mixture_at(window, number, half)
            if mixture is not None and mixture.odds >= CERTAIN:
                found.append(mixture)
                if mixture.frames <= ROOMY * half:
                    roomy.append(mixture)
        if not found:
            return None
        best = max(found, key=lambda mixture: mixture.odds)
        # A short window inside a long dissolve does well, too, but tells too short a length.
        return replace(best, frames=(roomy or found[-1:])[0].frames)

    def _is_peak(self, number: int) -> bool:
        mixture = self._mixtures.get(number)
        if mixture is None:
            return False
        near = range(number - self._reach, number + self._reach + 1)
        rivals = [(self._mixtures[other].odds, -other) for other in near if other in self._mixtures]
        return (mixture.odds, -number) == max(rivals)


def mixture_at(window: Window, number: int, half: int) -> Mixture | None:
    """Return what the window of frames [number - half, number + half] tells, None if there is clearly nothing in it."""
    first, last = number - half, number + half
    if not window.holds(first) or not window.holds(last):
        return None
    apart = window[last].coarse - window[first].coarse
    if float(apart @ apart) < SMALLEST_CHANGE**2 * len(apart):
        return None
    shares, signs = _path(window, number, half)
    hopeful = BIAS + float(WEIGHTS @ np.array([HOPEFUL_LIKENESS, *signs]))
    if hopeful < CERTAIN:
        return None
    odds = BIAS + float(WEIGHTS @ np.array([window.alike(first, last), *signs]))
    quarter, middle, three_quarters = (_crossing(shares, share) for share in (0.25, 0.5, 0.75))
    # Shares of the ends themselves wander as the pictures move; in between they rise by 1 / (frames + 1) a frame.
    frames = round(max(1.0, 2 * (three_quarters - quarter) - 1))
    return Mixture(odds, first + math.ceil(middle), frames)


def _crossing(shares: NDArray[np.float64], share: float) -> float:
    """Return how far after the first end, in frames and parts of one, the shares first reach `share`."""
    whole = np.concatenate([[0.0], shares, [1.0]])
    after = int(np.argmax(whole >= share))
    return after - 1 + float((share - whole[after - 1]) / (whole[after] - whole[after - 1]))


def signs_at(window: Window, number: int, half: int) -> NDArray[np.float64]:
    """Return (10,) float64, the signs in the order of `WEIGHTS`."""
    _, signs = _path(window, number, half)
    return np.array([window.alike(number - half, number + half), *signs])


def _path(window: Window, number: int, half: int) -> tuple[NDArray[np.float64], list[float]]:
    """Return each inner frame's share of the second end, and the signs that cost little."""
    first, last = window[number - half], window[number + half]
    inner = np.stack([window[other].coarse for other in range(number - half + 1, number + half)])
    line = (last.coarse - first.coarse).astype(np.float64)
    length = float(line @ line) + 1e-6
    offsets = inner.astype(np.float64) - first.coarse
    shares = offsets @ line / length
    residual = float(np.square(offsets - shares[:, None] * line).sum(axis=1).mean()) / length
    steepest = float(np.diff(np.concatenate([[0.0], shares, [1.0]])).max())
    ramp = np.arange(len(shares)) - (len(shares) - 1) / 2
    spread = float(np.sqrt(np.square(shares - shares.mean()).sum() * np.square(ramp).sum()))
    steadiness = float(shares @ ramp) / spread if spread > 1e-9 else 0.0
    frames = [window[other] for other in range(number - half, number + half + 1)]
    contrast, contrast_midway = _sags(shares, [one.contrast for one in frames])
    across, across_midway = _sags(shares, [one.across for one in frames])
    down, down_midway = _sags(shares, [one.down for one in frames])
    skew = abs(float(shares[len(shares) // 2]) - 0.5)
    # Bounded all round: ends that nearly coincide make ratios wild, and all such are alike, no dissolve.
    return shares, [
        min(1.0, residual**0.5),
        float(np.log(min(max(steepest * half / 9, 0.02), 1.0))),
        steadiness,
        contrast,
        (across * down) ** 0.5,
        contrast_midway,
        (across_midway * down_midway) ** 0.5,
        abs(float(np.log(across_midway / down_midway))),
        min(skew, 0.5),
    ]


def _sags(shares: NDArray[np.float64], values: list[float]) -> tuple[float, float]:
    """Return in what proportion contrast lies below that of the ends, in two ways; 1 if it does not.

    First, below what the shares make of the ends' contrasts: a change of light has no such sag, as it takes contrast
    in proportion. Only frames well between count. Second, midway, below the mean power of the ends: this needs no
    shares, which motion makes unsure.
    """
    # One code more: nearly plain frames have ratios that mean nothing.
    raised = np.array(values) + 1.0
    first, last, half = raised[0], raised[-1], len(raised) // 2
    between = np.abs(shares - 0.5) < 0.3
    share = shares[between]
    below = float((raised[1:-1][between] / ((1 - share) * first + share * last)).mean()) if between.any() else 1.0
    midway = float(raised[half - 1 : half + 2].mean() / np.sqrt((first**2 + last**2) / 2))
    return below, midway
