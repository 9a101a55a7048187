"""An effect that removes is told where the film's other objects are; what it makes depends on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import videdit
from tests.unit.project.conftest import Extra
from videdit.masks import IN_MEMORY, MaskEntry, MaskTrack, PackedMask
from videdit.pipeline.other_objects import OtherObjects, others_of
from videdit.pipeline.shot_masks import ShotMasks
from videdit.plugins import Plugins
from videdit.project import Project
from videdit.shots import Shot

SIZE = (20, 30)


class Takes(videdit.Effect):
    """Paints the object black, and what is known of others white."""

    removes = True
    seen: ClassVar[list[int | None]] = []

    def render(self, window: videdit.Window) -> Any:
        labels = None if window.shot.others is None else window.shot.others[window.index]
        self.seen.append(None if labels is None else int(np.count_nonzero(labels)))
        return np.zeros_like(window.rgb)


class Leaves(videdit.Effect):
    seen: ClassVar[list[bool]] = []

    def render(self, window: videdit.Window) -> Any:
        self.seen.append(window.shot.others is None)
        return window.rgb // 2


class Both(Extra):
    @videdit.hookimpl
    def register_effects(self, register: Any) -> None:
        register("takes", Takes)
        register("leaves", Leaves)


def box(y0: int, y1: int, x0: int, x1: int) -> PackedMask:
    mask = np.zeros(SIZE, np.bool_)
    mask[y0:y1, x0:x1] = True
    return PackedMask.pack(mask)


@pytest.mark.parametrize(
    ("kinds", "ids", "expected"),
    [
        ("t", [[1]], [(2, 3)]),
        ("l", [[1]], [()]),
        ("t", [[1, 2, 3]], [()]),
        ("tt", [[1], [3]], [(2, 3), (2,)]),
        ("lt", [[1], [3]], [(), (1, 2)]),
        ("tlt", [[2], [1], [2]], [(1, 3), (), (1, 3)]),
    ],
)
def test_who_is_left_alone(kinds: str, ids: Sequence[Sequence[int]], expected: list[tuple[int, ...]]) -> None:
    effects = [Takes() if kind == "t" else Leaves() for kind in kinds]
    assert others_of(effects, ids, (1, 2, 3)) == expected


def test_labels_are_of_others_where_the_chosen_ones_are_not_and_of_none_that_is_a_part_of_them() -> None:
    track = MaskTrack.open(IN_MEMORY, size=SIZE)
    track.put(
        [
            MaskEntry(1, 4, box(2, 12, 2, 12)),
            MaskEntry(2, 4, box(8, 14, 10, 20)),
            MaskEntry(3, 4, box(3, 6, 3, 6)),
            MaskEntry(4, 4, PackedMask.absent(SIZE)),
        ]
    )
    labels = OtherObjects(track, (2, 3, 4), ShotMasks(track, (1,), Shot(2, 6), SIZE))
    expected = np.zeros(SIZE, np.int32)
    expected[8:14, 10:20] = 2
    expected[8:12, 10:12] = 0
    assert labels[4].dtype == np.int32
    assert np.array_equal(labels[4], expected)
    assert not labels[5].any()
    for outside in (1, 6):
        with pytest.raises(IndexError):
            labels[outside]


@pytest.fixture
def pointed(film: Path, fakes: Any, tmp_path: Path) -> Callable[[str], Project]:
    def opened(effect: str) -> Project:
        plugins = Plugins(installed=False, objects={"fakes": fakes, "both": Both()})
        project = videdit.open(film, tmp_path / effect, plugins=plugins)
        project.click(10, 16, object="red").click(50, 36, object="blue")
        return project.replace_effects([videdit.EffectStep(effect, objects=("red",))])

    return opened


def test_another_object_is_part_of_what_a_removal_depends_on_and_of_no_other_effect(
    pointed: Callable[[str], Project], tmp_path: Path
) -> None:
    for effect, again in (("takes", True), ("leaves", False)):
        kind: Any = Takes if effect == "takes" else Leaves
        kind.seen.clear()
        with pointed(effect) as project:
            project.save(tmp_path / "one.mp4", overwrite=True)
            first = len(kind.seen)
            project.save(tmp_path / "one.mp4", overwrite=True)
            assert len(kind.seen) == first > 0, "the chunks were made already"
            assert all(one == 12 * 12 for one in kind.seen) if effect == "takes" else all(kind.seen)
            entry = project.track.get(2, 30)
            assert entry is not None
            project.track.put([MaskEntry(2, 30, PackedMask.absent(entry.mask.size), origin="tracked")])
            project.save(tmp_path / "one.mp4", overwrite=True)
            assert (len(kind.seen) > first) is again
