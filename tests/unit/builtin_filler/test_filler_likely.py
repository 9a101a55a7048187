"""What the tracker took for less than likely is the object's after all where it is not the ground."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from videdit import ArrayFrames
from videdit.ops import grow
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.remnants import Remnants
from videdit_plugins.builtin.filler.scale import Scale

Make = Callable[..., Any]
INDEX, SIDE, WIDE = 12, 24, 10


class Holes:
    """The holes of a clip; on each frame something is as likely to be the object's as `likely` says."""

    def __init__(self, holes: list[NDArray[np.bool_]], places: list[NDArray[np.bool_]], likely: float | None) -> None:
        self._holes = holes
        self._places = places
        self._likely = likely

    def __getitem__(self, index: int) -> NDArray[np.bool_]:
        return self._holes[index]

    def probability(self, index: int) -> NDArray[np.float32] | None:
        return None if self._likely is None else self._places[index] * np.float32(self._likely)


def limbs(clip: Any) -> list[NDArray[np.bool_]]:
    """Give the object a limb that neither looks nor moves as it does and that no mask has; return where it is."""
    places = []
    for index, (frame, hole) in enumerate(zip(clip.shown, clip.holes, strict=True)):
        rows, columns = np.nonzero(hole)
        top, left = int(rows.min()) + 2 * (index % 5), int(columns.min()) + SIDE
        limb = np.zeros_like(hole)
        limb[top : top + 10, left : left + WIDE] = True
        frame[limb] = frame[limb] // 2 + np.array([120, 60, 20], np.uint8)
        places.append(limb)
    return places


def found_by(clip: Any, holes: Holes, alignment_height: int = 360) -> NDArray[np.bool_] | None:
    frames = ArrayFrames(clip.shown)
    pictures = Pictures(frames, holes, Scale.of(frames.size, alignment_height), kept=len(clip.shown))
    return Remnants(frames.shot, pictures, pictures, Camera(pictures, frames.shot), 40)[INDEX]


@pytest.fixture
def clip(make_clip: Make) -> Any:
    return make_clip(count=24, size=(120, 160), side=SIDE)


@pytest.mark.parametrize("likely", [None, 0.03])
def test_a_limb_that_nobody_took_for_the_objects_stays(clip: Any, likely: float | None) -> None:
    places = limbs(clip)
    found = found_by(clip, Holes(clip.holes, places, likely))
    assert found is None or found[places[INDEX]].mean() < 0.2


def test_what_is_hardly_likely_is_taken_where_it_is_not_the_ground(clip: Any) -> None:
    places = limbs(clip)
    found = found_by(clip, Holes(clip.holes, places, 0.12))
    assert found is not None
    assert found[places[INDEX]].mean() > 0.9
    assert not (found & ~grow(places[INDEX] | clip.holes[INDEX], 3)).any()


def test_it_is_found_at_a_smaller_size_as_well(clip: Any) -> None:
    places = limbs(clip)
    found = found_by(clip, Holes(clip.holes, places, 0.12), alignment_height=60)
    assert found is not None
    assert found[places[INDEX][::2, ::2]].mean() > 0.8


@pytest.mark.parametrize(("likely", "taken"), [(0.12, False), (0.4, True)])
def test_the_ground_itself_is_taken_only_where_the_tracker_was_nearly_sure(
    make_clip: Make, likely: float, taken: bool
) -> None:
    plain = make_clip(count=24, size=(120, 160), side=SIDE)
    places = limbs(make_clip(count=24, size=(120, 160), side=SIDE))
    found = found_by(plain, Holes(plain.holes, places, likely))
    share = 0.0 if found is None else found[places[INDEX]].mean()
    assert (share > 0.9) == taken
    assert taken or share < 0.2


def test_where_no_ground_is_known_only_what_is_nearly_sure_is_taken(make_clip: Make) -> None:
    # Nothing moves, so the limb shows at the same place throughout.
    clip = make_clip(count=24, size=(120, 160), side=SIDE, pan=0.0, tilt=0.0, speed=0.0)
    places = [np.roll(hole, SIDE, axis=1) for hole in clip.holes]
    assert found_by(clip, Holes(clip.holes, places, 0.2)) is None
    found = found_by(clip, Holes(clip.holes, places, 0.4))
    assert found is not None
    near = places[INDEX] & grow(clip.holes[INDEX], 10)
    assert found[near].mean() > 0.9
