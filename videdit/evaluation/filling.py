"""Fill the holes of one sequence and compare every frame with the truth."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from videdit.errors import BrokenPlugin, faults_of
from videdit.evaluation.costs import Meter
from videdit.evaluation.flicker import Motion, motion_between, warp_error, warp_errors
from videdit.evaluation.holes import background_of
from videdit.evaluation.noise_ratio import psnr
from videdit.evaluation.parts import Tick
from videdit.evaluation.similarity import ssim, ssim_map
from videdit.filler import MADE_UP, Filled, Filler, HoledFrames, MaskSequence, blackened
from videdit.frames import FrameSequence, Mask

Picture = NDArray[np.uint8]
Look: TypeAlias = Callable[[int, Picture, Mask, Picture], None]
T = TypeVar("T")

PLACES = ("frame", "hole", "background")
CAP_DB = 100.0
"""What equal pixels count as in a mean; their PSNR is infinite."""


@dataclass(order=True, slots=True)
class WorstFrame:
    """A frame that went badly; the worst compares highest, so that a heap drops the best of those kept.

    pictures: the truth, what the filler saw, what it made
    """

    badness: float
    index: int
    pictures: tuple[Picture, Picture, Picture] = field(compare=False)


@dataclass(slots=True)
class Filling:
    """What was found on a sequence; the lists have a value for each frame, NaN where there is nothing to measure.

    figures:  "psnr_hole", "ssim_background", "warp_frame"...; the warp error of the last frame is NaN
    made_up:  share of all hole pixels that no frame showed
    """

    figures: dict[str, list[float]] = field(default_factory=dict)
    made_up: float = 0.0
    worst: list[WorstFrame] = field(default_factory=list)

    def add(self, key: str, value: float) -> None:
        """Append a frame's value."""
        self.figures.setdefault(key, []).append(value)


@dataclass(frozen=True, slots=True)
class _Before:
    """The frame before: the film, the result, and the places that are measured."""

    truth: Picture
    result: Picture
    places: dict[str, Mask | None]


def fill_sequence(
    filler: Filler,
    truth: FrameSequence,
    holes: MaskSequence,
    own: Callable[[int], Mask],
    *,
    meter: Meter,
    tick: Tick,
    keep_worst: int,
    look: Look | None = None,
) -> Filling:
    """Fill every hole, then compare every frame with the truth; what was filled waits in a temporary file.

    truth: the untouched shot, 8 bits
    holes: by frame index
    own:   the sequence's own object by frame index, (H, W) bool: not part of the background
    tick:  called for each frame when it is filled
    look:  told index, truth, hole and result of each frame

    The result is the truth outside the hole, byte for byte. Frames without a hole are measured nowhere. Nothing is
    compared before all is filled: a filler that works ahead in threads would do so while the meter stands still.
    """
    found = Filling()
    with TemporaryFile() as kept:
        found.made_up = _fill(filler, truth, holes, kept, meter, tick)
        kept.seek(0)
        before: _Before | None = None
        for index in truth.shot:
            picture, hole = truth[index].rgb8, holes[index]
            result = picture.copy()
            result[hole] = np.load(kept)
            places = _places(hole, own(index))
            _compare(found, result, picture, places)
            if before is not None:
                _compare_motion(found, before, result, picture)
            _keep_worst(found, keep_worst, index, (picture, blackened(picture, hole), result))
            if look is not None:
                look(index, picture, hole, result)
            before = _Before(picture, result, places)
    for place in PLACES:
        found.add(f"warp_{place}", float("nan"))
    found.add("warp_true", float("nan"))
    found.worst.sort(reverse=True)
    return found


def _fill(
    filler: Filler, truth: FrameSequence, holes: MaskSequence, kept: IO[bytes], meter: Meter, tick: Tick
) -> float:
    """Write what replaces each hole, (pixels, 3) uint8, one array after the other; return the share made up."""
    made_up_px = hole_px = 0
    _guarded(meter, 0, lambda: filler.start(HoledFrames(truth, holes), holes))
    for index in truth.shot:
        filled = _guarded(meter, index, lambda index=index: filler.fill(index))  # type: ignore[misc]
        hole = holes[index]
        np.save(kept, _replacing(hole, filled, index))
        if filled is not None:
            made_up_px += int(np.count_nonzero((filled.origin == MADE_UP) & hole[filled.region.slices]))
            hole_px += int(np.count_nonzero(hole))
        tick()
    return made_up_px / max(1, hole_px)


def _guarded(meter: Meter, index: int, call: Callable[[], T]) -> T:
    with faults_of("the filler", f"frame {index}"), meter.running():
        return call()


def _replacing(hole: Mask, filled: Filled | None, index: int) -> Picture:
    """Return the filler's pixels of the hole, (pixels, 3) uint8. Raises BrokenPlugin if it left some out."""
    if filled is None:
        if hole.any():
            raise BrokenPlugin("the filler took a hole for none", where=f"frame {index}")
        return np.zeros((0, 3), np.uint8)
    inside = hole[filled.region.slices]
    if np.count_nonzero(inside) != np.count_nonzero(hole):
        raise BrokenPlugin("the filler's region does not hold the whole hole", where=f"frame {index}")
    return filled.rgb[inside].astype(np.uint8)


def _places(hole: Mask, own: Mask) -> dict[str, Mask | None]:
    """Return where each figure is taken; None where it is not."""
    if not hole.any():
        return dict.fromkeys(PLACES)
    everywhere: Mask = np.ones(hole.shape, dtype=np.bool_)
    return {"frame": everywhere, "hole": hole, "background": background_of(hole, own)}


def _compare(found: Filling, result: Picture, truth: Picture, places: dict[str, Mask | None]) -> None:
    nothing = float("nan")
    similarity = ssim_map(result, truth) if places["hole"] is not None else None
    for place, where in places.items():
        found.add(f"psnr_{place}", nothing if where is None else min(CAP_DB, psnr(result, truth, where)))
        found.add(f"ssim_{place}", nothing if where is None or similarity is None else ssim(similarity, where))


def _compare_motion(found: Filling, before: _Before, result: Picture, truth: Picture) -> None:
    """Add the warp errors of the frame before against this one; the truth's own on the hole beside them."""
    if before.places["hole"] is None:
        for key in (*(f"warp_{place}" for place in PLACES), "warp_true"):
            found.add(key, float("nan"))
        return
    motion = motion_between(before.truth, truth)
    errors = warp_errors(before.result, result, motion)
    for place, where in before.places.items():
        found.add(f"warp_{place}", float("nan") if where is None else warp_error(errors, motion, where))
    found.add("warp_true", _own_error(before, truth, motion))


def _own_error(before: _Before, truth: Picture, motion: Motion) -> float:
    return warp_error(warp_errors(before.truth, truth, motion), motion, before.places["hole"])


def _keep_worst(found: Filling, count: int, index: int, pictures: tuple[Picture, Picture, Picture]) -> None:
    """Keep the frames of the lowest PSNR behind the hole; in the hole where no background is left."""
    value = found.figures["psnr_background"][-1]
    if np.isnan(value):
        value = found.figures["psnr_hole"][-1]
    if np.isnan(value) or count < 1:
        return
    heapq.heappush(found.worst, WorstFrame(-value, index, pictures))
    if len(found.worst) > count:
        heapq.heappop(found.worst)
