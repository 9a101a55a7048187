"""Holes to fill where the truth is known: drawn ones that stand still, and other sequences' objects."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.evaluation.davis import DavisSequence
from videdit.frames import Mask

HoleKind: TypeAlias = Literal["stationary", "object"]
HOLE_KINDS: tuple[HoleKind, ...] = ("stationary", "object")

REFERENCE_HEIGHT_PX = 240
"""The height that the lengths below are meant for; they grow with the picture."""
HOLE_GROWTH = 4
OWN_GROWTH = 6
LEAST_BACKGROUND_PX = 80
DONOR_SHIFT = 7
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))

_SPACE = (16 / 9, 1.0)
_STROKES = (2, 4)
_CORNERS = (4, 10)
_STEP = (0.05, 0.2)
_BRUSH = (0.05, 0.12)


def free_form_hole(size: tuple[int, int], seed: int, name: str) -> Mask:
    """Draw a hole of a few thick crooked strokes.

    size: height and width in pixels; the same seed and name give the same drawing at every size
    name: of the sequence, so that each gets a hole of its own

    Returns (H, W) bool.
    Source: the idea of J. Yu et al., "Free-Form Image Inpainting with Gated Convolution", 2019, section 3.4; the
    numbers are this project's own, so figures compare with those of the same program alone.
    """
    height, width = size
    draw = np.random.default_rng([seed, zlib.crc32(name.encode())])
    canvas = np.zeros(size, dtype=np.uint8)
    # Drawn in one space and stretched to the picture, so that every size gets the same drawing.
    corner = np.array(_SPACE)
    for _ in range(int(draw.integers(*_STROKES, endpoint=True))):
        at = draw.uniform(0, 1, 2) * corner
        towards = draw.uniform(0, 2 * np.pi)
        thickness = max(1, round(draw.uniform(*_BRUSH) * height))
        for _ in range(int(draw.integers(*_CORNERS, endpoint=True))):
            towards += draw.uniform(-1.2, 1.2)
            step = draw.uniform(*_STEP)
            goal = at + step * np.array([np.cos(towards), np.sin(towards)])
            if not (np.all(goal >= 0) and np.all(goal <= corner)):
                # Out of the picture: turn to its middle instead of creeping along the border.
                inwards = corner / 2 - at
                towards = float(np.arctan2(inwards[1], inwards[0])) + draw.uniform(-0.6, 0.6)
                goal = at + step * np.array([np.cos(towards), np.sin(towards)])
            ends = [(round(float(x) * width / _SPACE[0]), round(float(y) * height)) for x, y in (at, goal)]
            cv2.line(canvas, ends[0], ends[1], 255, thickness)
            # Round joints, so that a bend leaves no notch.
            cv2.circle(canvas, ends[1], thickness // 2, 255, -1)
            at = goal
    hole: Mask = canvas > 0
    return hole


def grown_with_height(mask: Mask, steps: int) -> Mask:
    """Dilate a mask (H, W) bool by the 3x3 cross, `steps` times at 240 px of height, more in proportion."""
    times = max(1, round(steps * mask.shape[0] / REFERENCE_HEIGHT_PX))
    grown: Mask = cv2.dilate(mask.view(np.uint8), _CROSS, iterations=times) > 0
    return grown


def own_object(sequence: DavisSequence, index: int, size: tuple[int, int], growth: int = OWN_GROWTH) -> Mask:
    """Return the sequence's own object on a frame, grown: (H, W) bool of `size`; nothing where it has no annotation."""
    if not sequence.truths[index].is_file():
        nothing: Mask = np.zeros(size, dtype=np.bool_)
        return nothing
    shown = (sequence.labels(index) > 0).view(np.uint8)
    scaled: NDArray[np.uint8] = np.asarray(cv2.resize(shown, (size[1], size[0]), interpolation=cv2.INTER_NEAREST))
    return grown_with_height(scaled.view(np.bool_), growth)


def donor_of(name: str, names: Sequence[str]) -> tuple[str, bool]:
    """Return whose object becomes the hole of sequence `name`, and whether it is mirrored.

    names: all sequences of the data set, so that a choice among them changes nothing

    The seventh after it, as this project always has measured; the next one in a set of seven; its own, mirrored, where
    it is alone.
    """
    at = names.index(name)
    donor = names[(at + DONOR_SHIFT) % len(names)]
    if donor == name:
        donor = names[(at + 1) % len(names)]
    return donor, donor == name


class StationaryHoles:
    """A MaskSequence of one drawn hole."""

    def __init__(self, size: tuple[int, int], frame_count: int, seed: int, name: str) -> None:
        self._hole = free_form_hole(size, seed, name)
        self._frame_count = frame_count

    def __getitem__(self, index: int) -> Mask:
        _check(index, self._frame_count)
        return self._hole.copy()


class ObjectHoles:
    """A MaskSequence of the objects of a sequence, grown, to and fro if it is shorter than the film."""

    def __init__(
        self,
        donor: DavisSequence,
        size: tuple[int, int],
        frame_count: int,
        *,
        growth: int = HOLE_GROWTH,
        mirrored: bool = False,
    ) -> None:
        self._donor, self._size, self._frame_count = donor, size, frame_count
        self._growth, self._mirrored = growth, mirrored
        annotated = [index for index, path in enumerate(donor.truths) if path.is_file()]
        self._turns = [*annotated, *annotated[-2:0:-1]]
        self._made = lru_cache(96)(self._make)

    def __getitem__(self, index: int) -> Mask:
        return self._made(self.donor_index(index)).copy()

    def donor_index(self, index: int) -> int:
        """Return the frame of the donor whose object is the hole on frame `index`."""
        _check(index, self._frame_count)
        return self._turns[index % len(self._turns)]

    def _make(self, index: int) -> Mask:
        height, width = self._size
        shown = (self._donor.labels(index) > 0).view(np.uint8)
        scaled: NDArray[np.uint8] = np.asarray(cv2.resize(shown, (width, height), interpolation=cv2.INTER_NEAREST))
        if self._mirrored:
            scaled = np.ascontiguousarray(scaled[:, ::-1])
        return grown_with_height(scaled.view(np.bool_), self._growth)


def background_of(hole: Mask, own: Mask) -> Mask | None:
    """Return the hole less the sequence's own object, (H, W) bool; None if so little is left that it says nothing.

    That is what removal means: what lies behind, where the truth shows it.
    """
    background: Mask = hole & ~own
    least = LEAST_BACKGROUND_PX * (hole.shape[0] / REFERENCE_HEIGHT_PX) ** 2
    return background if np.count_nonzero(background) > least else None


def _check(index: int, frame_count: int) -> None:
    if not 0 <= index < frame_count:
        raise IndexError(f"frame {index} is outside the {frame_count} frames of the sequence")
