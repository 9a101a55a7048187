"""The yardstick itself: what the test films say is in them, and how findings are counted."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from videdit.shot_detector import ShotChange

ROOT = Path(__file__).parents[3]


@pytest.fixture
def yardstick(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.shots import films, footage, scoring, takes

    class Plain:
        """Sources of one grey each."""

        def frames(self, source: str) -> list[Any]:
            grey = 20 + 30 * footage.HALVES["tune"].index(source)
            return [np.full((288, 512, 3), grey, np.uint8)] * 50

    return SimpleNamespace(
        Film=films.Film,
        Joint=films.Joint,
        Span=films.Span,
        films=films.films,
        Score=scoring.Score,
        Take=takes.Take,
        halves=footage.HALVES,
        sources=Plain(),
    )


def test_the_halves_share_no_clip(yardstick: Any) -> None:
    assert not set(yardstick.halves["tune"]) & set(yardstick.halves["report"])


def test_changes_are_where_the_film_says(yardstick: Any) -> None:
    names = yardstick.halves["tune"][:5]
    takes = tuple(yardstick.Take.whole(name, 50) for name in names)
    kinds = [("cut",), ("dissolve", 14), ("fade to black", 8, 3), ("fade to white", 6, 1)]
    film = yardstick.Film("a", takes, tuple(yardstick.Joint(*kind) for kind in kinds))
    greys = [int(frame.rgb[0, 0, 0]) for frame in film.frames(yardstick.sources)]
    assert len(greys) == film.frame_count == 250 - 14 + 3 + 1
    cut, dissolve, black, white = film.changes
    assert (cut.start, cut.stop) == (50, 50)
    assert (greys[49], greys[50]) == (20, 50)
    assert dissolve.stop - dissolve.start == 14
    assert (greys[dissolve.start - 1], greys[dissolve.stop]) == (50, 80)
    assert all(50 < grey < 80 for grey in greys[dissolve.start : dissolve.stop])
    assert (greys[black.start - 1], greys[black.stop]) == (80, 110)
    assert greys[black.start + 8 : black.stop - 8] == [0, 0, 0]
    assert (greys[white.start - 1], greys[white.start + 6], greys[white.stop]) == (110, 255, 140)


def test_films_are_the_same_each_time_and_hold_what_was_asked_for(yardstick: Any) -> None:
    first, again = (yardstick.films("tune", yardstick.sources) for _ in range(2))
    assert [film.changes for film in first] == [film.changes for film in again]
    kinds = [span.kind for span in first[0].changes]
    assert {kind: kinds.count(kind) for kind in kinds} == {"cut": 9, "dissolve": 8, "long dissolve": 2, "fade": 6}
    for film in first:
        spans = sorted((span.start, span.stop) for span in film.changes + film.traps)
        assert all(later[0] - sooner[1] >= 8 for sooner, later in pairwise(spans))


def test_scores(yardstick: Any) -> None:
    truth = [yardstick.Span("cut", 50, 50), yardstick.Span("dissolve", 100, 114), yardstick.Span("fade", 150, 170)]
    score = yardstick.Score()
    found = [ShotChange(52), ShotChange(107, "dissolve", 14), ShotChange(112), ShotChange(200), ShotChange(250)]
    score.add(found, truth, [yardstick.Span("flash", 199, 201)])
    assert dict(score.false) == {"twice": 1, "flash": 1, "motion": 1}
    assert (score.recall("cut"), score.recall("dissolve"), score.recall("fade")) == (1, 1, 0)
    assert score.recall() == pytest.approx(2 / 3)
    assert score.precision() == pytest.approx(2 / 5)
    assert score.precision("cut") == pytest.approx(1 / 4)
    assert score.f1() == pytest.approx(0.5)
    assert score.named == 2
    late = yardstick.Score()
    late.add([ShotChange(53)], truth[:1], [])
    assert late.f1() == 0
