"""Tell an object that moves from the ground it moves against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.lengths import squared_length
from videdit_plugins.builtin.tracker.planes import FloatMap

ROUNDS = 3
SAMPLE_STEP = 4
LEAST_SPREAD_PX = 0.35


def motion_evidence(back: NDArray[np.float32], agreement: FloatMap, prior: FloatMap) -> tuple[FloatMap, FloatMap]:
    """Compare the flow with affine motions fitted inside and outside the object.

    back:      (h, w, 2) float32, flow
    agreement: (h, w) float32 in [0, 1], trust in the flow
    prior:     (h, w) float32 in [0, 1], probability that a pixel belongs to the object

    Returns two (h, w) float32 maps: log odds of the object's motion against the ground's, in [-1, 1], and
    the distance from the ground's motion, from 0.
    """
    height, width = prior.shape
    xs = np.arange(width, dtype=np.float32) / width - np.float32(0.5)
    ys = np.arange(height, dtype=np.float32)[:, None] / height - np.float32(0.5)
    step = slice(SAMPLE_STEP // 2, None, SAMPLE_STEP)
    trust, inside = agreement[step, step].ravel(), prior[step, step].ravel()
    across, down = (one.ravel() for one in np.broadcast_arrays(xs[step], ys[step]))
    rows, moved = np.stack([np.ones_like(across), across, down], axis=1), back[step, step].reshape(-1, 2)
    ground, spread = _fit(rows, moved, trust * (1 - inside))
    thing, _ = _fit(rows, moved, trust * inside)

    def away_from(motion: NDArray[np.float32]) -> FloatMap:
        return squared_length(back - ((motion[0] + xs[:, None] * motion[1]) + ys[..., None] * motion[2]))

    from_ground, from_thing = away_from(ground), away_from(thing)
    ratio = np.clip((from_ground - from_thing) / (2 * spread**2), -4, 4) / 4 * agreement
    return ratio.astype(np.float32), (np.log1p(from_ground / spread**2) * 0.3).astype(np.float32)


def _fit(
    rows: NDArray[np.float32], moved: NDArray[np.float32], weight: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """Return (3, 2) affine motion by iteratively re-weighted least squares, and the spread of what it explains."""
    steady = 1e-3 * np.eye(3, dtype=np.float32) * max(float(weight.sum()), 1.0)
    steady[0, 0] *= 1e-3
    now = weight
    spread = 1.0
    motion = np.zeros((3, 2), np.float32)
    for _ in range(ROUNDS):
        weighted = rows * now[:, None]
        motion = np.linalg.solve(weighted.T @ rows + steady, weighted.T @ moved).astype(np.float32)
        error = squared_length(moved - rows @ motion)
        total = float(now.sum())
        spread = max(LEAST_SPREAD_PX, (float((now * error).sum()) / total) ** 0.5 if total > 0 else 1.0)
        now = weight / np.square(1 + error / (2 * spread**2))
    return motion, spread
