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
    contrasts, means, means_there = *_blocks(picture), _blocks(other)[1]
    textured: list[tuple[float, float]] = []
    flat: list[float] = []
    for (row, column), contrast in np.ndenumerate(contrasts):
        if contrast < FLAT:
            apart = float(np.abs(means[row, column] - means_there[row, column]).max())
            flat.append(max(0.0, 1.0 - apart / OTHER_COLOUR))
        else:
            match = _best_match(picture, other, row * BLOCK_SIZE[0], column * BLOCK_SIZE[1])
            textured.append((match, min(float(contrast), STRONG_CONTRAST)))
    textured.sort(reverse=True)
    kept = textured[: math.ceil(len(textured) * KEPT)]
    weight = sum(contrast for _, contrast in kept) + FLAT_WEIGHT * len(flat)
    return (sum(match * contrast for match, contrast in kept) + FLAT_WEIGHT * sum(flat)) / weight


def _blocks(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return each block's contrast, (3, 4), and mean colour, (3, 4, 3)."""
    height, width = COLOURS_SIZE
    rows, columns = height // BLOCK_SIZE[0], width // BLOCK_SIZE[1]
    blocks = picture.reshape(rows, BLOCK_SIZE[0], columns, BLOCK_SIZE[1], 3).swapaxes(1, 2)
    pixels = blocks.reshape(rows, columns, -1, 3)
    return pixels.std(axis=2).mean(axis=2), pixels.mean(axis=2)


def _best_match(picture: NDArray[np.float32], other: NDArray[np.float32], y: int, x: int) -> float:
    block = picture[y : y + BLOCK_SIZE[0], x : x + BLOCK_SIZE[1]]
    top, left = max(0, y - REACH[0]), max(0, x - REACH[1])
    near = other[top : y + BLOCK_SIZE[0] + REACH[0], left : x + BLOCK_SIZE[1] + REACH[1]]
    # Where a window of `near` is quite plain OpenCV answers 0.
    return float(min(1.0, max(0.0, cv2.matchTemplate(near, block, cv2.TM_CCOEFF_NORMED).max())))
