from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videdit.errors import BrokenPlugin, OptionError
from videdit.frames import Frame
from videdit.shot_detector import ShotChange, ShotDetector
from videdit.shot_lists import detect_shots
from videdit.shots import Shot, check_shots


class Told(ShotDetector):
    """Gives the changes it was told to, each when its frame comes or at the end, and keeps what it was shown."""

    def __init__(self, *changes: ShotChange, late: bool = False) -> None:
        self._changes = changes
        self._late = late
        self.seen: list[Frame] = []
        self.rate = 0.0

    def start(self, frames_per_second: float) -> None:
        self.rate = frames_per_second

    def watch(self, frame: Frame) -> list[ShotChange]:
        self.seen.append(frame)
        return [] if self._late else [change for change in self._changes if change.index == frame.index]

    def finish(self) -> list[ShotChange]:
        return list(self._changes) if self._late else []


def frames(count: int, size: tuple[int, int] = (4, 6), dtype: type = np.uint8) -> Iterator[Frame]:
    return (Frame(np.full((*size, 3), 7, dtype), number, 2 * number, Fraction(1, 60)) for number in range(count))


def test_shots_cover_the_film() -> None:
    detector = Told(ShotChange(30, "dissolve", 14), ShotChange(50))
    assert detect_shots(frames(90), detector, frames_per_second=30.0) == [
        Shot(0, 30, "start"),
        Shot(30, 50, "dissolve", 14),
        Shot(50, 90, "cut"),
    ]
    assert detector.rate == 30.0
    assert [frame.index for frame in detector.seen] == list(range(90))
    assert detector.seen[3].time_seconds == Fraction(1, 10)


@given(st.lists(st.integers(0, 59)), st.booleans())
def test_any_changes_make_shots_without_gaps(cuts: list[int], late: bool) -> None:
    shots = detect_shots(frames(60), Told(*(ShotChange(cut) for cut in cuts), late=late))
    check_shots(shots, 60)
    assert {shot.start for shot in shots} == {0, *cuts}
    assert shots[0].transition == "start"


def test_of_two_changes_in_one_frame_the_surer_names_it() -> None:
    changes = (ShotChange(9, "cut", 0, 0.4), ShotChange(9, "fade", 8, 0.9))
    assert detect_shots(frames(20), Told(*changes))[1] == Shot(9, 20, "fade", 8)


def test_one_frame_is_one_shot() -> None:
    assert detect_shots(frames(1), Told()) == [Shot(0, 1, "start")]


def test_frames_are_reduced_to_256_px_and_8_bits() -> None:
    detector = Told()
    list(detect_shots(frames(1, (1080, 1920), np.uint16), detector))
    assert detector.seen[0].rgb.shape == (144, 256, 3)
    assert detector.seen[0].rgb.dtype == np.uint8
    detect_shots(frames(1, (40, 200)), detector)
    assert detector.seen[1].rgb.shape == (40, 200, 3)
    detect_shots(frames(1, (1, 4000)), detector)
    assert detector.seen[2].rgb.shape == (1, 256, 3)


def test_frame_count() -> None:
    assert detect_shots(frames(20), Told(ShotChange(5)), 24)[-1] == Shot(5, 24, "cut")
    with pytest.raises(OptionError, match="goes on to frame 19, but was said to have 10"):
        detect_shots(frames(20), Told(), 10)
    with pytest.raises(OptionError, match="without frames"):
        detect_shots(frames(0), Told())


def test_a_detector_that_names_no_frame_of_the_film_is_broken() -> None:
    with pytest.raises(BrokenPlugin, match="frame 20 of a film of frames 0 to 19"):
        detect_shots(frames(20), Told(ShotChange(20), late=True))
