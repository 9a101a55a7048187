"""The contract of a tracker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from videdit.testing.contract_clip import Clip
from videdit.testing.contract_engines import describes
from videdit.tracker import Tracked, Tracker

Make = Callable[[], Any]


def _well_formed(tracked: dict[int, Tracked], ids: set[int], size: tuple[int, int], index: int) -> None:
    assert set(tracked) == ids, f"frame {index}: objects {sorted(tracked)} came back, {sorted(ids)} are tracked"
    for object_id, one in tracked.items():
        where = f"frame {index}, object {object_id}"
        assert one.mask.shape == size, f"{where}: a mask of {one.mask.shape}"
        assert one.mask.dtype == np.bool_, f"{where}: a mask of {one.mask.dtype}"
        assert 0 <= one.score <= 1, f"{where}: a score of {one.score}"
        if one.probability is not None:
            assert one.probability.shape == size, f"{where}: probabilities of {one.probability.shape}"
        if one.support is not None:
            assert one.support.ndim == 2, f"{where}: support of {one.support.shape}"
            assert one.support.min() >= 0, f"{where}: support below 0"
            assert one.support.max() <= 1, f"{where}: support above 1"


def follows(make: Make) -> None:
    """Masks of the frame's size for every object, forward and backward, in any film."""
    for clip in (Clip(), Clip(4, deep=True), Clip(4, (41, 53), first=7)):
        first, last = clip.frames.shot.start, clip.frames.shot.stop - 1
        for start, way in ((first, 1), (last, -1)):
            tracker: Tracker = make()
            tracker.start(clip.frames, start, {3: clip[start]})
            for index in range(start + way, (last if way > 0 else first) + way, way):
                _well_formed(tracker.step(index), {3}, clip.frames.size, index)


def several(make: Make) -> None:
    """Objects join and leave while others are tracked; ids stay the caller's."""
    clip = Clip()
    other = np.zeros(clip.frames.size, bool)
    other[4:20, 70:90] = True
    tracker: Tracker = make()
    tracker.start(clip.frames, 0, {700: clip[0]})
    _well_formed(tracker.step(1), {700}, clip.frames.size, 1)
    tracker.add(1, 5, other)
    tracker.confirm(6, 700, clip[6])
    _well_formed(tracker.step(2), {5, 700}, clip.frames.size, 2)
    tracker.correct(2, 700, clip[2])
    _well_formed(tracker.step(3), {5, 700}, clip.frames.size, 3)
    tracker.adopt(3, 700, clip[3])
    tracker.forget(5)
    _well_formed(tracker.step(4), {700}, clip.frames.size, 4)
    tracker.reset()
    tracker.start(clip.frames, 4, {9: clip[4]})
    _well_formed(tracker.step(5), {9}, clip.frames.size, 5)


def begins_empty(make: Make) -> None:
    """A start without objects, which then join."""
    clip = Clip(4)
    tracker: Tracker = make()
    tracker.start(clip.frames, 0, {})
    _well_formed(tracker.step(1), set(), clip.frames.size, 1)
    tracker.add(1, 1, clip[1])
    _well_formed(tracker.step(2), {1}, clip.frames.size, 2)


def goes_on(make: Make) -> None:
    """A tracker restored from a snapshot gives the same masks, byte for byte."""
    clip = Clip()
    tracker: Tracker = make()
    tracker.start(clip.frames, 0, {1: clip[0]})
    for index in (1, 2, 3):
        tracker.step(index)
    state = tracker.snapshot()
    assert isinstance(state, bytes), f"a snapshot is bytes, not {type(state).__name__}"
    other: Tracker = make()
    other.restore(clip.frames, state)
    for index in (4, 5, 6, 7):
        one, two = tracker.step(index)[1], other.step(index)[1]
        assert np.array_equal(one.mask, two.mask), f"frame {index} differs after restore"
        assert one.score == two.score, f"the score of frame {index} differs after restore"


def repeatable(make: Make) -> None:
    """Two instances give the same masks."""

    def run() -> list[Any]:
        clip = Clip()
        tracker: Tracker = make()
        tracker.start(clip.frames, 0, {1: clip[0]})
        return [tracker.step(index)[1].mask for index in range(1, 8)]

    for index, (one, other) in enumerate(zip(run(), run(), strict=True), start=1):
        assert np.array_equal(one, other), f"frame {index} differs between two runs"


TRACKER_CHECKS: dict[str, Callable[[Make], None]] = {
    "masks for every object, both ways": follows,
    "objects join and leave": several,
    "a start without objects": begins_empty,
    "goes on from a snapshot": goes_on,
    "the same masks every time": repeatable,
    "a descriptor, or none": describes,
}
