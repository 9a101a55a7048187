"""Which frames are looked at for a hole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from videdit import Shot
from videdit_plugins.builtin.filler.candidates import sources

SHOT = Shot(100, 400)
INDICES = st.integers(100, 399)
REACHES = st.integers(1, 200)


@given(INDICES, REACHES)
def test_sources_lie_in_the_shot_and_in_reach_nearest_first(index: int, reach: int) -> None:
    found = list(sources(index, SHOT, reach))
    distances = [abs(other - index) for other in found]
    assert all(other in SHOT for other in found)
    assert distances == sorted(distances)
    assert all(0 < distance <= reach for distance in distances)
    assert len(found) == len(set(found))


@given(st.integers(150, 349))
def test_neighbours_ask_mostly_for_the_same_frames(index: int) -> None:
    mine, theirs = (set(sources(one, SHOT, 40)) for one in (index, index + 1))
    assert len(mine & theirs) >= 0.5 * min(len(mine), len(theirs))


@given(INDICES)
def test_the_frames_beside_are_always_looked_at(index: int) -> None:
    beside = {other for other in (index - 1, index + 1) if other in SHOT}
    assert beside <= set(sources(index, SHOT, 40))
