"""What a tracker thought of the surroundings of its masks is kept, and reaches the effects."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from videdit.frames import ArrayFrames
from videdit.masks import IN_MEMORY, MaskEntry, MaskTrack, PackedMask, PackedProbability
from videdit.pipeline.shot_masks import ShotMasks, Union
from videdit.plugins import Plugins
from videdit.prompts import MaskPrompt
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit.testing.fakes import ColourTracker, FakePlugin
from videdit.tracker import Tracked
from videdit.tracking.blending import blend
from videdit.tracking.pieces import Piece
from videdit.tracking.reidentify.seeking import _absent
from videdit.tracking.stage import Engines, Pointed, TrackingStage

SIZE, COUNT = (32, 48), 12
RED = (220, 10, 10)
CORNER = (slice(0, 4), slice(0, 4))


def likely(index: int) -> np.ndarray:
    """As if the tracker thought the corner of the frame to be the object's, the more so the later."""
    probability = np.zeros(SIZE, np.float32)
    probability[CORNER] = (2 + index) / 32
    return probability


class HunchTracker(ColourTracker):
    def step(self, index: int) -> dict[int, Tracked]:
        found = super().step(index)
        return {one: Tracked(each.mask, each.score, likely(index)) for one, each in found.items()}


class Hunches(FakePlugin):
    def _tracker(self, options: Any, runtime: Any) -> ColourTracker:
        self.trackers.append(HunchTracker())
        return self.trackers[-1]


@pytest.fixture
def track() -> Iterator[MaskTrack]:
    with MaskTrack.open(IN_MEMORY, size=SIZE) as opened:
        yield opened


def follow(track: MaskTrack, *prompted: int) -> None:
    pixels = [np.full((*SIZE, 3), 40, np.uint8) for _ in range(COUNT)]
    for index, rgb in enumerate(pixels):
        rgb[8:20, 10 + index : 22 + index] = RED
    stage = TrackingStage(
        source="film",
        frames_of=lambda shot: ArrayFrames(pixels[shot.start : shot.stop], first_index=shot.start),
        track=track,
        plugins=Plugins(installed=False, objects={"fakes": Hunches()}),
        runtime=Runtime(),
        engines=Engines(refine="off", reidentify={"enabled": False}),
    )
    prompts = {index: [MaskPrompt(index, (pixels[index] == RED).all(axis=2))] for index in prompted}
    stage.run([Pointed(1, "red", prompts)], [Shot(0, COUNT)])


def test_it_is_kept_of_every_tracked_frame_and_of_no_confirmed_one(track: MaskTrack) -> None:
    follow(track, 4)
    for entry in track.entries(1):
        if entry.index == 4:
            assert entry.probability is None
        else:
            assert entry.probability is not None
            assert np.array_equal(entry.probability.map(SIZE), likely(entry.index))


def test_between_two_confirmed_frames_it_is_that_of_the_likelier_mask(track: MaskTrack) -> None:
    follow(track, 2, 9)
    entry = track.get(1, 5)
    assert entry is not None
    assert entry.probability == PackedProbability.pack(likely(5))
    mask = np.zeros(SIZE, np.bool_)
    mask[4:9, 4:9] = True
    ways = [
        MaskEntry(1, 5, PackedMask.pack(mask), score, "tracked", {}, PackedProbability.pack(likely(int(10 * score))))
        for score in (0.9, 0.2)
    ]
    assert blend(*ways, Piece(1, 3, 9, "between")).probability == ways[0].probability


def test_effects_are_told_of_all_their_objects_together(track: MaskTrack) -> None:
    other = np.zeros(SIZE, np.float32)
    other[20:24, 30:40] = 0.25
    nothing = PackedMask.absent(SIZE)
    track.put(
        [
            MaskEntry(1, 3, nothing, probability=PackedProbability.pack(likely(3))),
            MaskEntry(2, 3, nothing, probability=PackedProbability.pack(other)),
            MaskEntry(3, 3, nothing),
        ]
    )

    def told(*object_ids: int) -> np.ndarray | None:
        return Union(ShotMasks(track, object_ids, Shot(0, COUNT), SIZE)).probability(3)

    both = told(1, 2, 3)
    assert both is not None
    assert np.array_equal(both, np.maximum(likely(3), other))
    assert told(3) is None


def test_masks_that_a_plugin_changed_need_not_know_it() -> None:
    plain: Any = SimpleNamespace(object_ids=(1,), shot=Shot(0, COUNT), size=SIZE, union=lambda index: None)
    assert Union(plain).probability(3) is None


def test_what_was_found_by_mistake_and_is_absent_after_all_leaves_none() -> None:
    found = MaskEntry(1, 5, PackedMask.pack(likely(5) > 0), probability=PackedProbability.pack(likely(5)))
    gone = _absent(found)
    assert gone.mask.empty
    assert gone.probability is None
