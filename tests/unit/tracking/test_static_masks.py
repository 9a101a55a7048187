"""Static masks: what is drawn holds on every frame, across cuts, and nothing is tracked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videdit.errors import NothingSelected, OptionError, OutsideFrame
from videdit.frames import ArrayFrames
from videdit.masks import IN_MEMORY, MaskTrack
from videdit.plugins import Plugins
from videdit.prompts import Box, Click, MaskPrompt, Stroke
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit.testing.clips import make_clip
from videdit.testing.fakes import FakePlugin
from videdit.tracking.drawn import DrawnStage, drawn
from videdit.tracking.stage import Pointed, TrackingStage

SIZE = (20, 30)
BOX = Box(3, 4, 10, 9)


def lay(track: MaskTrack, one: Pointed, shots: list[Shot], span: Shot | None) -> None:
    DrawnStage(source="film", size=SIZE, track=track).run([one], shots, span=span)


def masks(track: MaskTrack) -> list[np.ndarray]:
    entries = [track.get(1, index) for index in track.frames(1)]
    return [entry.mask.mask() for entry in entries if entry is not None]


def test_a_box_holds_on_every_frame_of_every_shot_inside_the_range() -> None:
    track = MaskTrack.open(IN_MEMORY, size=SIZE)
    shots = [Shot(0, 5), Shot(5, 9), Shot(9, 12)]
    lay(track, Pointed(1, "mark", {2: [BOX]}), shots, Shot(3, 11))
    assert track.frames(1) == list(range(3, 11))
    expected = np.zeros(SIZE, bool)
    expected[4:9, 3:10] = True
    assert all(np.array_equal(mask, expected) for mask in masks(track))
    lay(track, Pointed(1, "mark", {2: [BOX, Box(0, 0, 1, 1)]}), shots, Shot(3, 11))
    expected[0, 0] = True
    assert all(np.array_equal(mask, expected) for mask in masks(track))


def test_a_negative_mask_takes_away() -> None:
    hole = np.zeros(SIZE, bool)
    hole[4:6, 3:5] = True
    mask = drawn([BOX, MaskPrompt(mask=hole, positive=False)], SIZE, "mark")
    assert mask.sum() == 5 * 7 - 4
    assert not (mask & hole).any()


def tracking(track: MaskTrack) -> TrackingStage:
    return TrackingStage(
        source="film",
        frames_of=lambda shot: ArrayFrames([np.zeros((*SIZE, 3), np.uint8)] * len(shot), first_index=shot.start),
        track=track,
        plugins=Plugins(installed=False, objects={"fakes": FakePlugin()}),
        runtime=Runtime(),
    )


def test_tracking_takes_the_place_of_what_was_drawn() -> None:
    track = MaskTrack.open(IN_MEMORY, size=SIZE)
    shots = [Shot(0, 5), Shot(5, 9)]
    mark = Pointed(1, "mark", {2: [MaskPrompt(mask=np.eye(*SIZE, dtype=bool))]})
    lay(track, mark, shots, None)
    assert not tracking(track).is_fresh([mark], shots)
    tracking(track).run([mark], shots)
    never_drawn = MaskTrack.open(IN_MEMORY, size=SIZE)
    tracking(never_drawn).run([mark], shots)
    assert track.frames(1) == never_drawn.frames(1)
    assert all(np.array_equal(a, b) for a, b in zip(masks(track), masks(never_drawn), strict=True))
    lay(track, mark, shots, None)
    assert track.frames(1) == list(range(9))
    assert all(np.array_equal(mask, np.eye(*SIZE, dtype=bool)) for mask in masks(track))


@given(st.floats(0, 29), st.floats(0, 19), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_box_holds_every_pixel_it_touches(x0: float, y0: float, wide: float, tall: float) -> None:
    x1, y1 = x0 + wide * (30 - x0), y0 + tall * (20 - y0)
    if x1 <= x0 or y1 <= y0:
        return
    rows, columns = np.nonzero(drawn([Box(x0, y0, x1, y1)], SIZE, "box"))
    assert rows.min() <= y0 < rows.min() + 1
    assert columns.min() <= x0 < columns.min() + 1
    assert rows.max() < y1 <= rows.max() + 1
    assert columns.max() < x1 <= columns.max() + 1


def test_drawings_add_up_and_negative_strokes_take_away() -> None:
    painted = np.zeros(SIZE, bool)
    painted[0, 0] = True
    mask = drawn(
        [BOX, MaskPrompt(mask=painted), Stroke(((20.0, 5.0), (25.0, 5.0)), 1.0), Stroke(((5.0, 6.0),), 1.0, False)],
        SIZE,
        "mark",
    )
    assert mask[0, 0]
    assert mask[5, 20:26].all()
    assert mask[4, 3]
    assert not mask[6, 5]


def test_what_draws_no_area_is_refused() -> None:
    with pytest.raises(OptionError, match=r"a click draws no area.*--box"):
        drawn([BOX, Click(1, 1)], SIZE, "mark")
    with pytest.raises(NothingSelected):
        drawn([], SIZE, "mark")
    with pytest.raises(OutsideFrame):
        drawn([Box(3, 4, 31, 9)], SIZE, "mark")


def test_a_project_remembers(tmp_path: Path) -> None:
    import videdit

    film = make_clip(tmp_path / "film.mp4", frames=6)
    with videdit.open(film.path, tmp_path / "work") as project:
        project.box(4, 4, 20, 12, at=3, object="mark").static().limit(0, 5)
    with videdit.open(project=tmp_path / "work") as project:
        assert project.description.engines.static
        project.track_objects()
        assert project.track.frames(1) == [0, 1, 2, 3, 4]
