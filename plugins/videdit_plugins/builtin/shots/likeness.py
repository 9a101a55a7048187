"""How much of one picture is found again in another, wherever it has moved to and however it is lit."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.shots.reduced import COLOURS_SIZE, Reduced

BLOCK_SIZE = (12, 16)
REACH = (8, 20)
"""How far a block is looked for, down and across: a third of the width is a fast whip pan within one frame."""
KEPT = 2 / 3
"""Share of the blocks that count, the best found: the others may have left the picture or been covered."""
FLAT = 2.0
"""Standard deviation below which a block has nothing to be found by but its colour."""
FLAT_WEIGHT = 0.5
STRONG_CONTRAST = 20.0
OTHER_COLOUR = 64.0


def likeness(first: Reduced, second: Reduced) -> float:
    """Return in [0, 1] how alike two pictures are, moved and re-lit parts counting as alike.

    Blocks of each picture are looked for in the other by normalised cross-correlation, and the lesser of the two
    answers is given. About 0.9 within a shot, 0.45 across a cut.
    """
    return min(_found(first.colours, second.colours), _found(second.colours, first.colours))


def _found(picture: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    height, width = COLOURS_SIZE
    textured: list[tuple[float, float]] = []
    flat: list[float] = []
    for y in range(0, height, BLOCK_SIZE[0]):
        for x in range(0, width, BLOCK_SIZE[1]):
            block = picture[y : y + BLOCK_SIZE[0], x : x + BLOCK_SIZE[1]]
            contrast = float(block.reshape(-1, 3).std(axis=0).mean())
            if contrast < FLAT:
                there = other[y : y + BLOCK_SIZE[0], x : x + BLOCK_SIZE[1]]
                apart = float(np.abs(block.mean(axis=(0, 1)) - there.mean(axis=(0, 1))).max())
                flat.append(max(0.0, 1.0 - apart / OTHER_COLOUR))
            else:
                textured.append((_best_match(block, other, y, x), min(contrast, STRONG_CONTRAST)))
    textured.sort(reverse=True)
    kept = textured[: math.ceil(len(textured) * KEPT)]
    weight = sum(contrast for _, contrast in kept) + FLAT_WEIGHT * len(flat)
    return (sum(match * contrast for match, contrast in kept) + FLAT_WEIGHT * sum(flat)) / weight


def _best_match(block: NDArray[np.float32], other: NDArray[np.float32], y: int, x: int) -> float:
    top, left = max(0, y - REACH[0]), max(0, x - REACH[1])
    near = other[top : y + BLOCK_SIZE[0] + REACH[0], left : x + BLOCK_SIZE[1] + REACH[1]]
    # Where a window of `near` is quite plain the quotient is no number, or beyond all bounds: it is no match.
    quotients = np.nan_to_num(cv2.matchTemplate(near, block, cv2.TM_CCOEFF_NORMED), nan=0.0, posinf=0.0, neginf=0.0)
    return float(min(1.0, max(0.0, quotients.max())))
