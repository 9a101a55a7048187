"""Corrections of a project: from Python, from its file, and in a stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.unit.project.conftest import pointed_only
from videdit.errors import NothingSelected, OptionError, OutsideFrame
from videdit.masks import MaskEntry, PackedMask
from videdit.plugins import Plugins
from videdit.project import Project, open_project, read_description
from videdit.prompts import Box, Click, MaskPrompt, Moment
from videdit.segmenter import Hypothesis
from videdit.testing.fakes import ColourSegmenter, FakePlugin


@pytest.fixture
def project(film: Path, tmp_path: Path, plugins: Plugins) -> Iterator[Project]:
    with open_project(film, tmp_path / "project", plugins=plugins) as opened:
        pointed_only(opened).click(8, 12, object="red").click(50, 36, object="blue").track_objects()
        yield opened


def at(frame: int) -> Moment:
    return Moment(frame=frame)


def signs(project: Project, frame: int) -> list[tuple[type, bool | None]]:
    prompts = [one for one in project.description.prompts if one.at == at(frame)]
    return [(type(one), getattr(one, "positive", None)) for one in prompts]


def test_a_correction_begins_with_the_mask_that_is_there(project: Project) -> None:
    there = project.track.get(1, 9)
    blue, before, behind = project.track.digest(2), project.track.digest(1, 0, 1), project.track.digest(1, 20, 32)
    assert there is not None
    # A negative click on the ground takes away what the fake takes for it: nothing of the red square.
    project.correct(Click(40, 4, positive=False, at=at(9), object="red")).track_objects()
    assert signs(project, 9) == [(MaskPrompt, True), (MaskPrompt, False), (Click, False)]
    corrected = project.track.get(1, 9)
    assert corrected is not None
    assert corrected.mask == there.mask
    assert corrected.origin == "corrected"
    assert project.track.digest(2) == blue
    assert (project.track.digest(1, 0, 1), project.track.digest(1, 20, 32)) == (before, behind)
    assert "forward_share" in project.track.get(1, 5).evidence  # type: ignore[union-attr]


def test_a_correction_takes_nothing_of_another_object_but_what_was_clicked(project: Project) -> None:
    # The fake selects everything of a colour: a click on the right half of the blue square gets all of it.
    left, right = np.zeros((2, *project.track.size), np.bool_)
    left[30:42, 44:50], right[30:42, 51:55] = True, True
    project.track.put(
        [
            MaskEntry(1, 9, PackedMask.pack(np.roll(right, -20, axis=1)), origin="tracked"),
            MaskEntry(2, 9, PackedMask.pack(left), origin="tracked"),
        ]
    )
    project.correct(Click(53, 36, at=at(9), object="red")).track_objects()
    assert signs(project, 9) == [(MaskPrompt, True), (MaskPrompt, False), (Click, True)]
    corrected = project.track.get(1, 9)
    assert corrected is not None
    assert corrected.mask.mask()[right].all()
    assert not corrected.mask.mask()[left].any()
    written = read_description(project.folder / "project.toml")
    assert [getattr(one, "positive", None) for one in written.prompts if one.at == at(9)] == [True, False, True]
    # What is clicked of the other is the corrected one's after all.
    project.correct(Click(47, 36, at=at(9), object="red")).track_objects()
    corrected = project.track.get(1, 9)
    assert corrected is not None
    assert corrected.mask.mask()[36, 47]


def test_parts_of_an_object_are_no_rivals_of_it(project: Project) -> None:
    for frame in (9, 12):
        red = project.track.get(1, frame)
        assert red is not None
        part = red.mask.mask().copy()
        part[16:] = False
        project.track.put([MaskEntry(2, frame, PackedMask.pack(part), origin="tracked")])
    project.track.put([MaskEntry(1, 12, PackedMask.absent(project.track.size), 0.8, "absent")])
    project.correct(Click(40, 4, positive=False, at=at(9), object="red"))
    assert signs(project, 9) == [(MaskPrompt, True), (Click, False)]
    # On frame 12 there is no mask to compare with; that of frame 11 has the part beside it, but none on that frame.
    project.track.put([MaskEntry(2, 11, PackedMask.pack(part), origin="tracked")])
    project.correct(Click(24, 20, at=at(12), object="red"))
    assert signs(project, 12) == [(Click, True)]


def test_clicks_anew_mean_something_about_as_large_as_the_object(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, square = np.ones(project.track.size, np.bool_), np.zeros(project.track.size, np.bool_)
    square[8:24, 13:29] = True
    answers = [Hypothesis(whole, 0.9), Hypothesis(square, 0.6)]
    monkeypatch.setattr(ColourSegmenter, "segment", lambda *arguments: answers)
    project.track.put([MaskEntry(1, 9, PackedMask.absent(project.track.size), 0.8, "absent")])
    project.correct(Click(20, 12, at=at(9), object="red"))
    base = next(one for one in project.description.prompts if one.at == at(9) and isinstance(one, MaskPrompt))
    assert base.positive
    picture = cv2.imread(str(base.path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert np.array_equal(picture > 0, square)
    # Where none of the answers is of that size the best one stands.
    answers[:] = [Hypothesis(whole, 0.9), Hypothesis(square & (np.indices(square.shape)[1] < 14), 0.6)]
    project.track.put([MaskEntry(1, 5, PackedMask.absent(project.track.size), 0.8, "absent")])
    project.correct(Click(20, 12, at=at(5), object="red"))
    assert signs(project, 5) == [(MaskPrompt, False), (Click, True)]


def test_further_clicks_on_a_corrected_frame_go_on_from_the_same_mask(project: Project) -> None:
    project.correct(Click(40, 4, positive=False, at=at(9), object="red")).track_objects()
    project.correct(Click(41, 4, positive=False, at=at(9), object="red"))
    assert signs(project, 9) == [(MaskPrompt, True), (MaskPrompt, False), (Click, False), (Click, False)]


def test_a_box_says_anew_where_the_object_is(project: Project) -> None:
    project.correct(Box(10, 8, 28, 24, at=at(9), object="red"))
    assert not any(isinstance(one, MaskPrompt) for one in project.description.prompts)


def test_clicks_where_the_object_is_absent_say_where_it_is(project: Project) -> None:
    there = project.track.get(1, 9)
    assert there is not None
    project.track.put([MaskEntry(1, 9, PackedMask.absent(project.track.size), 0.8, "absent")])
    row, column = np.argwhere(there.mask.mask()).mean(axis=0)
    with pytest.raises(NothingSelected, match="only negative"):
        project.correct(Click(column, row, positive=False, at=at(9), object="red")).track_objects()
    assert project.undo()
    project.correct(Click(column, row, at=at(9), object="red")).track_objects()
    assert signs(project, 9) == [(MaskPrompt, False), (Click, True)]
    found = project.track.get(1, 9)
    assert found is not None
    assert found.origin == "prompt", "no mask was put right"
    assert found.mask == there.mask


def test_clicks_can_begin_anew(project: Project) -> None:
    there = project.track.get(1, 9)
    project.correct(Click(40, 4, positive=False, at=at(9), object="red")).track_objects()
    others = [one for one in project.description.prompts if one.at != at(9)]
    project.correct(Click(50, 36, at=at(9), object="red"), anew=True).track_objects()
    assert project.description.prompts == (*others, Click(50, 36, at=at(9), object="red"))
    entry = project.track.get(1, 9)
    assert entry is not None
    assert there is not None
    assert entry.origin == "prompt"
    assert entry.mask.region != there.mask.region, "the click lies on the blue square"


def test_prompts_that_cannot_be_taken_leave_those_that_there_are(project: Project) -> None:
    before = project.description
    with pytest.raises(OutsideFrame):
        project.replace_prompts([Click(4000, 4, object="red")])
    assert project.description == before


def test_only_objects_that_there_are_can_be_corrected(project: Project) -> None:
    with pytest.raises(OptionError, match="there is no object 'green'"):
        project.correct(Click(8, 12, at=at(9), object="green"))


def test_a_mask_can_be_confirmed_as_it_is(project: Project) -> None:
    mask = project.track.get(1, 12)
    project.confirm("red", at=12).track_objects()
    confirmed = project.track.get(1, 12)
    assert confirmed is not None
    assert mask is not None
    assert (confirmed.mask, confirmed.origin) == (mask.mask, "prompt")
    with pytest.raises(NothingSelected, match="there is no mask to confirm"):
        project.confirm("red", at=25)


def test_undo_takes_a_correction_back(project: Project) -> None:
    before = project.track.digest()
    project.correct(Click(40, 4, positive=False, at=at(9), object="red")).track_objects()
    assert project.track.digest() != before
    assert project.undo()
    project.track_objects()
    assert project.track.digest() == before


def test_negative_clicks_written_into_the_file_correct_the_mask_that_is_there(
    project: Project, film: Path, plugins: Plugins
) -> None:
    folder = project.folder
    project.close()
    with (folder / "project.toml").open("a") as file:
        file.write('\n[[prompts]]\nkind = "click"\nobject = "red"\nat = 9\nx = 40\ny = 4\npositive = false\n')
    with open_project(None, folder, plugins=plugins) as opened:
        opened.track_objects()
        entry = opened.track.get(1, 9)
        assert entry is not None
        assert entry.origin == "corrected"
        kinds = [type(one) for one in opened.description.prompts if one.at == at(9)]
    assert kinds == [MaskPrompt, Click]


def test_a_stream_yields_frames_and_takes_corrections(film: Path, tmp_path: Path, plugins: Plugins) -> None:
    with open_project(film, tmp_path / "project", plugins=plugins) as project:
        pointed_only(project).click(8, 12, object="red").click(50, 36, object="blue")
        seen: list[int] = []
        with project.stream() as run:
            for frame in run:
                seen.append(frame.index)
                assert set(frame.masks) <= {"red", "blue"}
                if frame.index == 9 and len(seen) == 10:
                    run.correct(Click(40, 4, positive=False, at=at(6), object="red"))
        assert seen[:10] == list(range(10))
        assert seen[10] == 0, "the corrected piece comes first"
        assert project.track.get(1, 6).origin == "corrected"  # type: ignore[union-attr]
        assert set(project.track.frames(1)) == set(project.track.frames(2)) == set(range(20))
    with open_project(film, tmp_path / "other", plugins=plugins) as other:
        pointed_only(other).click(8, 12, object="red").click(50, 36, object="blue").track_objects()
        with open_project(None, tmp_path / "project", plugins=plugins) as project:
            assert project.track.digest(2) == other.track.digest(2), "the rest went on where it was"


def test_a_stream_can_be_cancelled_and_gone_on_with(
    film: Path, tmp_path: Path, plugins: Plugins, fakes: FakePlugin
) -> None:
    with open_project(film, tmp_path / "project", plugins=plugins) as project:
        pointed_only(project).click(8, 12, object="red")
        run = project.stream()
        for frame in run:
            if frame.index == 7:
                run.cancel()
        assert project.track.frames(1) == list(range(8))
        assert next(run, None) is None
        rest = [frame.index for frame in project.stream()]
        assert rest == list(range(8, 20))
        masks = [entry.mask.mask() for entry in project.track.entries(1)]
    assert len(masks) == 20
    assert all(np.count_nonzero(mask) > 200 for mask in masks)
