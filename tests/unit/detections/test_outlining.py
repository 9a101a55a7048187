"""Exact shapes: never less than is safe, never more than the surroundings of the box, and the ellipse in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import videdit
from tests.unit.detections.conftest import FRAMES, SIZE, Finder, Teller, place
from videdit.detections.outlining import CORE, ROOM, covered, prompts_of
from videdit.detections.shapes import ellipse_in
from videdit.detections.sightings import Sighting
from videdit.detections.steps import FollowOptions
from videdit.frames import Mask
from videdit.plugins import Plugins
from videdit.project import read_description
from videdit.testing.fakes import ColourTracker

OPTIONS = FollowOptions.model_validate({"shape": "exact"})
BOX = (40.0, 30.0, 80.0, 90.0)


def seen(index: int, score: float = 0.9, source: str = "detected", doubt: str = "") -> Sighting:
    return Sighting(index, BOX, score, source, doubt)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_what_is_covered_lies_between_core_and_room(seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random(SIZE) < share
    result = covered(mask, seen(0), SIZE, OPTIONS)
    assert not (ellipse_in(BOX, SIZE, CORE) & ~result).any()
    assert not (result & ~ellipse_in(BOX, SIZE, ROOM * OPTIONS.size)).any()


def test_an_ellipse_is_taken_in_doubt() -> None:
    full = ellipse_in(BOX, SIZE, OPTIONS.size)
    good = ellipse_in(BOX, SIZE, 1.3)
    assert np.array_equal(covered(good, seen(0), SIZE, OPTIONS), good)
    elsewhere = np.zeros(SIZE, np.bool_)
    elsewhere[:20] = True
    for mask, sighting in ((None, seen(0)), (good, seen(0, doubt="lost")), (elsewhere, seen(0))):
        assert np.array_equal(covered(mask, sighting, SIZE, OPTIONS), full)


def test_the_first_find_prompts_and_the_surest_of_each_stretch_after_it() -> None:
    scores = {0: 0.5, 25: 0.6, 30: 0.9, 35: 0.7, 50: 0.8, 55: 0.95}
    row = [seen(index, scores.get(index, 0.1), "detected" if index in scores else "filled") for index in range(60)]
    assert prompts_of(row) == {0, 30, 55}
    assert prompts_of([seen(index, source="filled") for index in range(5)]) == set()


class Boxes(videdit.Segmenter):
    """Takes what lies in a box for a disc."""

    def __init__(self, options: Any, runtime: Any) -> None:
        pass

    def segment(
        self,
        frames: videdit.FrameSequence,
        index: int,
        prompts: Sequence[videdit.Prompt],
        previous: Mask | None = None,
    ) -> list[videdit.Hypothesis]:
        (box,) = prompts
        assert isinstance(box, videdit.Box)
        return [videdit.Hypothesis(ellipse_in((box.x0, box.y0, box.x1, box.y1), frames.size, 1.3), 0.9)]


class Knows(ColourTracker):
    """Knows where the discs are, and on frame 10 says that it is not sure."""

    def _learn(self, index: int, object_id: int, mask: Mask) -> None:
        x = np.nonzero(mask)[1].mean()
        self._discs = {**getattr(self, "_discs", {}), object_id: int(x > 100)}
        self._frames_at = index

    def step(self, index: int) -> dict[int, videdit.Tracked]:
        assert abs(index - self._frames_at) == 1
        self._frames_at = index
        return {
            object_id: videdit.Tracked(ellipse_in(place(disc, index), SIZE, 1.3), 0.2 if index == 10 else 0.9)
            for object_id, disc in self._discs.items()
        }

    def forget(self, object_id: int) -> None:
        self._discs = {one: disc for one, disc in self._discs.items() if one != object_id}


class Engines:
    @videdit.hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("boxes", Boxes, rank=99)

    @videdit.hookimpl
    def register_trackers(self, register: Any) -> None:
        register("knows", Knows, rank=99)


@pytest.mark.parametrize("how", ["python", "pipeline"])
def test_exact_shapes_in_a_film(film: Path, tmp_path: Path, both: Teller, how: str) -> None:
    plugins = Plugins(objects={"finder": Finder(both), "engines": Engines()}, environment=False)
    with videdit.open(film, tmp_path / "p", plugins=plugins, device="cpu") as project:
        if how == "python":
            project.find("discs", object="disc", follow={"shape": "exact", "size": 1.6})
        else:
            file = tmp_path / "pipeline.toml"
            step = '[[detections]]\nfind = "discs"\nobject = "disc"\n'
            file.write_text(step + 'follow = { shape = "exact", size = 1.6 }\n')
            project.use(read_description(file))
        (found,) = project.found()
        areas = {
            (one.number, s.index): entry.mask.area_px
            for one in found.people
            for s in one.sightings
            if (entry := project.track.get(one.number, s.index)) is not None
        }
        made = project.track.digest()
        project.found()
        assert project.track.digest() == made
    area = np.pi / 4 * 24 * 30
    assert areas[1, 5] == pytest.approx(1.3**2 * area, rel=0.05)
    assert areas[3, FRAMES - 1] == pytest.approx(1.3**2 * area, rel=0.05)
    assert areas[1, 10] == pytest.approx(1.6**2 * area, rel=0.05)
