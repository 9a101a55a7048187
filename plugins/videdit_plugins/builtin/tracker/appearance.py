"""A classifier of an object's cells that is solved anew on every frame.

Ridge regression on random Fourier features (Rahimi and Recht, "Random Features for Large-Scale Kernel Machines",
2007). All it has seen lies in two sums of fixed size, so memory and time do not grow with the shot.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

WAVES = 160
WIDTH = 1.1
"""Scale of the kernel in units of the descriptors."""
RIDGE = 0.0003
FADE = 0.9
RECENT_SHARE = 0.35
"""How much the faded sum of tracked frames weighs against the frames a person gave."""


def lift(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N, 2 * WAVES + 1) float32 random Fourier features of `descriptors` (N, D)."""
    directions = _directions(descriptors.shape[1])
    angles = descriptors @ directions
    lifted = np.empty((len(descriptors), 2 * WAVES + 1), np.float32)
    np.cos(angles, out=lifted[:, :WAVES])
    np.sin(angles, out=lifted[:, WAVES:-1])
    lifted[:, :-1] *= np.float32(WAVES**-0.5)
    lifted[:, -1] = 1
    return lifted


def _directions(dimensions: int) -> NDArray[np.float32]:
    return (np.random.default_rng(7).standard_normal((dimensions, WAVES)) / WIDTH).astype(np.float32)


@dataclass(slots=True)
class Appearance:
    """What separates one object from its surroundings.

    given:  (K, K + 1) float64, sums over the frames a person gave; never fades
    recent: (K, K + 1) float64, faded sums over the tracked frames
    """

    given: NDArray[np.float64]
    recent: NDArray[np.float64]
    _given_line: NDArray[np.float32] | None = field(default=None, init=False)

    @classmethod
    def empty(cls) -> Appearance:
        size = 2 * WAVES + 1
        return cls(np.zeros((size, size + 1)), np.zeros((size, size + 1)))

    def learn(self, lifted: NDArray[np.float32], inside: NDArray[np.float32], given: bool) -> None:
        """Take in the cells of one frame: `lifted` (N, K) with `inside` (N,) in [0, 1], the share of the object."""
        sums = _sums(lifted, inside)
        if given:
            self.given += sums
            self._given_line = None
        else:
            self.recent *= FADE
            self.recent += (1 - FADE) * sums

    def unlearn(self) -> None:
        """Forget the tracked frames."""
        self.recent[:] = 0

    def classify(self, lifted: NDArray[np.float32], given_only: bool = False) -> NDArray[np.float32]:
        """Return (N,) float32 in [-1, 1], the side of each cell of `lifted` (N, K).

        given_only: leave out what was learned from tracked frames
        """
        total = self.given / max(self.given[-1, -2], 1e-6)
        if not given_only:
            line = _line(total + RECENT_SHARE * self.recent)
        elif self._given_line is None:
            line = self._given_line = _line(total)
        else:
            line = self._given_line
        sides: NDArray[np.float32] = np.clip(lifted @ line, -1.0, 1.0)
        return sides


def _line(total: NDArray[np.float64]) -> NDArray[np.float32]:
    size = len(total)
    return np.linalg.solve(total[:, :size] + RIDGE * np.eye(size), total[:, size]).astype(np.float32)


def _sums(lifted: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float64]:
    # Both sides weigh the same however small the object is in its window; what is undecided teaches nothing.
    sure = np.abs(2 * inside - 1)
    weight = inside / max(float(inside.sum()), 1.0) + (1 - inside) / max(float((1 - inside).sum()), 1.0)
    weight *= sure
    # A matrix by its own transpose costs half of what two matrices do.
    half = lifted * np.sqrt(weight)[:, None]
    sides = lifted.T @ (weight * (2 * inside - 1))
    return np.concatenate([half.T @ half, sides[:, None]], axis=1).astype(np.float64)
