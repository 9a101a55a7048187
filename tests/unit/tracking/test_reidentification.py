"""Looking for objects again: after a cut, after an occlusion, and not finding what is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.errors import OptionError
from videdit.frames import ArrayFrames, FrameSequence, Mask
from videdit.masks import IN_MEMORY, MaskEntry, MaskTrack, PackedMask
from videdit.plugins import Plugins
from videdit.prompts import Click
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit.testing.fakes import ColourSegmenter, FakePlugin
from videdit.tracking.reidentify.cells import cells_of
from videdit.tracking.reidentify.describing import looked_at, seen
from videdit.tracking.reidentify.gallery import Gallery, nearest, view_of
from videdit.tracking.reidentify.likeness import EXPONENTS, figures, likeness
from videdit.tracking.reidentify.looking import frames_to_look_at
from videdit.tracking.reidentify.options import ReidentifyOptions, check_reidentify_options
from videdit.tracking.reidentify.proposals import propose
from videdit.tracking.reidentify.seeking import lost_stretches
from videdit.tracking.stage import Engines, Pointed, TrackingStage

SIZE = (90, 160)
RED, GREEN, BLUE = (220, 30, 30), (40, 190, 60), (30, 40, 220)


def ground(seed: int) -> np.ndarray:
    """Grey texture, another for each seed."""
    noise = np.random.default_rng(seed).normal(110, 30, SIZE).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 2)[..., None].repeat(3, 2) * 2 - 110, 0, 200).astype(np.uint8)


def place(x: int, y: int) -> Mask:
    mask = np.zeros(SIZE, bool)
    mask[y : y + 24, x : x + 36] = True
    return mask


def scene(seed: int, colour: tuple[int, int, int] | None, x: int = 0, y: int = 30) -> np.ndarray:
    rgb = ground(seed)
    if colour is not None:
        rgb[place(x, y)] = colour
    return rgb


class Bench:
    """A stage over shots that are made up: red on the left, nothing, a blue thing, and red again elsewhere."""

    def __init__(self, **options: Any) -> None:
        shots = [
            [scene(1, RED, 20 + 2 * t) for t in range(8)],
            [scene(2, None) for t in range(8)],
            [scene(3, BLUE, 60 - t) for t in range(8)],
            [scene(4, RED, 100 - 2 * t, 44) for t in range(8)],
        ]
        self.pixels = [rgb for shot in shots for rgb in shot]
        self.shots = [Shot(0, 8, "start"), Shot(8, 16), Shot(16, 24), Shot(24, 32)]
        self.fake = FakePlugin()
        self.track = MaskTrack.open(IN_MEMORY, size=SIZE)
        self.stage = self.made(**options)
        self.pointed = Pointed(1, "red", {0: [Click(30, 40, object="red")]})

    def made(self, **options: Any) -> TrackingStage:
        return TrackingStage(
            source="film",
            frames_of=lambda shot: ArrayFrames(self.pixels[shot.start : shot.stop], first_index=shot.start),
            track=self.track,
            plugins=Plugins(installed=False, objects={"fakes": self.fake}),
            runtime=Runtime(),
            engines=Engines(refine="off", reidentify=options),
        )

    def run(self) -> None:
        self.stage.run([self.pointed], self.shots)

    def right(self, index: int) -> bool:
        entry = self.track.get(1, index)
        assert entry is not None
        return np.array_equal(entry.mask.mask(), (self.pixels[index] == RED).all(axis=2))


def test_the_object_is_back_on_the_first_frame_of_its_shot_and_in_no_other() -> None:
    bench = Bench()
    bench.run()
    assert all(bench.right(index) for index in range(32))
    origins = [entry.origin for entry in bench.track.entries(1)]
    assert origins == ["prompt", *["tracked"] * 7, *["absent"] * 16, *["reidentified"] * 8]
    entry = bench.track.get(1, 24)
    assert entry is not None
    assert entry.score == pytest.approx(entry.evidence["likeness"], abs=1e-3)
    assert entry.score >= ReidentifyOptions().threshold
    later = bench.track.get(1, 28)
    assert later is not None
    assert later.evidence["found_at"] == 24
    assert later.score < entry.evidence["likeness"]


def test_a_second_run_does_nothing_and_a_correction_elsewhere_leaves_finds_alone() -> None:
    bench = Bench()
    bench.run()
    before = bench.track.digest(1, 8, 32)
    assert bench.stage.is_fresh([bench.pointed], bench.shots)
    began = len(bench.fake.trackers)
    bench.run()
    assert len(bench.fake.trackers) == began
    corrected = Pointed(1, "red", {**bench.pointed.prompts, 5: [Click(40, 40, object="red")]})
    assert not bench.stage.is_fresh([corrected], bench.shots)
    bench.stage.run([corrected], bench.shots)
    assert bench.track.digest(1, 8, 32) == before
    assert bench.stage.is_fresh([corrected], bench.shots)


def test_switched_off_nothing_is_looked_for_and_earlier_finds_go() -> None:
    bench = Bench(enabled=False)
    bench.run()
    assert bench.track.frames(1) == list(range(8))
    bench.stage = bench.made()
    bench.run()
    assert len(bench.track.frames(1)) == 32
    bench.stage = bench.made(enabled=False)
    bench.run()
    assert bench.track.frames(1) == list(range(8))


def test_what_was_imported_is_left_alone() -> None:
    bench = Bench()
    drawn = PackedMask.pack(place(3, 3))
    bench.track.put([MaskEntry(1, 26, drawn)])
    bench.run()
    assert bench.track.frames(1) == [*range(24), 26]
    entry = bench.track.get(1, 26)
    assert entry is not None
    assert entry.mask == drawn


def test_pointing_in_a_shot_takes_the_place_of_a_find() -> None:
    bench = Bench()
    bench.run()
    bench.stage.run([Pointed(1, "red", {**bench.pointed.prompts, 26: [Click(100, 50, object="red")]})], bench.shots)
    assert {entry.origin for entry in bench.track.entries(1, 24, 32)} == {"prompt", "tracked"}


def test_another_objects_mask_is_not_taken_for_it() -> None:
    bench = Bench()
    other = Pointed(2, "other", {26: [Click(100, 50, object="other")]})
    bench.stage.run([bench.pointed, other], bench.shots)
    assert all(entry.origin == "absent" for entry in bench.track.entries(1, 24, 32))


def test_found_again_in_its_own_shot_after_it_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(first_frames=1, every_frames=4, verify_frames=2)
    bench.pixels = [scene(1, RED if t < 6 or t >= 14 else None, 20 if t < 6 else 90) for t in range(24)]
    step = bench_tracker_that_loses(monkeypatch, 6)
    bench.shots = [Shot(0, 24, "start")]
    bench.run()
    assert step["lost"] > 0
    origins = [entry.origin for entry in bench.track.entries(1)]
    assert origins[:14] == ["prompt", *["tracked"] * 5, *["absent"] * 8]
    assert origins[14:] == ["reidentified"] * 10
    assert all(bench.right(index) for index in range(24))


def test_what_is_lost_for_good_keeps_what_the_tracker_said(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(first_frames=1, every_frames=4)
    bench.pixels = [scene(1, RED if t < 6 else None, 20) for t in range(16)]
    bench_tracker_that_loses(monkeypatch, 6)
    bench.shots = [Shot(0, 16, "start")]
    plain = bench.made(enabled=False)
    plain.run([bench.pointed], bench.shots)
    before = {entry.index: entry for entry in bench.track.entries(1)}
    assert not bench.stage.is_fresh([bench.pointed], bench.shots)
    made = list(bench.stage.steps([bench.pointed], bench.shots))
    assert len(made) <= 1
    changed = [entry.index for entry in bench.track.entries(1) if entry != before[entry.index]]
    assert changed == [one.index for one in made]
    assert [entry.origin for entry in bench.track.entries(1)][6:] == ["absent"] * 10
    assert bench.stage.is_fresh([bench.pointed], bench.shots)


def bench_tracker_that_loses(monkeypatch: pytest.MonkeyPatch, at: int) -> dict[str, int]:
    """Let trackers that begin on the first frame lose their objects for good at frame `at`."""
    from videdit.testing.fakes import ColourTracker
    from videdit.tracker import Tracked

    told = {"lost": 0}
    plain = ColourTracker.step

    def step(self: ColourTracker, index: int) -> dict[int, Tracked]:
        found = plain(self, index)
        if self.log[0][1] == 0 and index >= at:
            told["lost"] += 1
            return {one: Tracked(np.zeros_like(each.mask), 0.5) for one, each in found.items()}
        return found

    monkeypatch.setattr(ColourTracker, "step", step)
    return told


def test_shots_that_show_an_object_are_named_without_tracking_them() -> None:
    bench = Bench()
    found = bench.stage.appearances(bench.pointed, bench.shots)
    assert [(one.shot.start, one.index) for one in found] == [(0, 0), (24, 24)]
    assert found[0].likeness == 1
    assert found[1].likeness >= ReidentifyOptions().threshold
    assert bench.track.frames(1) == list(range(8))


def test_near_misses_stand_with_their_likeness() -> None:
    bench = Bench(threshold=0.9999)
    bench.run()
    entries = list(bench.track.entries(1, 24, 32))
    assert all(entry.mask.empty for entry in entries)
    nearest_miss = max(entries, key=lambda entry: entry.evidence.get("likeness", 0))
    assert nearest_miss.evidence["likeness"] > 0.5
    assert nearest_miss.score == pytest.approx(1 - nearest_miss.evidence["likeness"], abs=1e-3)


def gallery() -> Gallery:
    frames = ArrayFrames([scene(1, RED, 20), scene(1, RED, 30)])
    return Gallery.of(looked_at(frames, [0, 1], {0: place(20, 30), 1: place(30, 30)}, {}))


def test_the_strongest_proposal_is_the_object_at_any_size() -> None:
    for scale in (0.7, 1.0, 1.4):
        rgb = ground(9)
        y, x, high, wide = 20, 70, round(24 * scale), round(36 * scale)
        rgb[y : y + high, x : x + wide] = RED
        frame = ArrayFrames([rgb])[0]
        best = propose(gallery(), cells_of(frame), SIZE, 3)[0]
        truth = (rgb == RED).all(axis=2)
        assert np.count_nonzero(best.rough & truth) / np.count_nonzero(best.rough | truth) > 0.6


def test_likeness_of_the_same_thing_of_another_and_of_nothing() -> None:
    looks = gallery()
    frames = ArrayFrames([scene(4, RED, 90), scene(4, BLUE, 90)])
    same, other = (view_of(frames[index], place(90, 30)) for index in (0, 1))
    assert same is not None
    assert other is not None
    assert likeness(figures(looks, same)) > 0.9
    assert likeness(figures(looks, other)) < 0.1
    assert view_of(frames[0], np.zeros(SIZE, bool)) is None


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(sorted(EXPONENTS)), st.floats(0, 1), st.floats(0, 1))
def test_more_of_anything_is_more_alike(name: str, low: float, high: float) -> None:
    low, high = sorted((low, high))
    others = dict.fromkeys(EXPONENTS, 0.7)
    assert 0 <= likeness({**others, name: low}) <= likeness({**others, name: high}) <= 1


def test_descriptors_of_engines_count_where_there_are_any() -> None:
    class Reds:
        def describe(self, frames: FrameSequence, index: int, mask: Mask) -> np.ndarray | None:
            mean = frames[index].rgb8[mask].mean(axis=0)
            return np.asarray(mean / np.linalg.norm(mean), np.float32)

    frames = ArrayFrames([scene(1, RED, 20), scene(1, RED, 30), scene(5, RED, 90), scene(5, BLUE, 90)])
    engines = {"segmenter": Reds(), "none": ColourSegmenter()}
    looks = Gallery.of(looked_at(frames, [0, 1], {0: place(20, 30), 1: place(30, 30)}, engines))
    found = [figures(looks, view) for index in (2, 3) if (view := seen(frames, index, place(90, 30), engines))]
    assert found[0]["learned segmenter"] > 0.95
    assert found[1]["learned segmenter"] < 0.2
    assert "learned none" not in found[0]
    plain = {name: value for name, value in found[0].items() if not name.startswith("learned")}
    assert likeness({**plain, "learned segmenter": 0.1}) < likeness({**plain, "learned segmenter": 0.9})


def test_nearest_is_the_nearest() -> None:
    draw = np.random.default_rng(0)
    asked, known = draw.normal(size=(7, 3)).astype(np.float32), draw.normal(size=(9, 3)).astype(np.float32)
    expected = np.linalg.norm(asked[:, None] - known[None], axis=2).min(axis=1)
    assert np.allclose(nearest(asked, known), expected, atol=1e-5)
    assert np.isinf(nearest(asked, known[:0])).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 50), st.integers(1, 90), st.integers(1, 5), st.integers(1, 20))
def test_frames_looked_at_begin_with_the_first_and_leave_no_gap(
    start: int, length: int, first: int, every: int
) -> None:
    span = Shot(start, start + length)
    chosen = list(frames_to_look_at(span, ReidentifyOptions(first_frames=first, every_frames=every)))
    assert chosen[: min(first, length)] == list(range(start, start + min(first, length)))
    assert all(0 < later - earlier <= max(1, every) for earlier, later in pairwise(chosen))
    assert chosen[-1] == span.stop - 1
    assert set(chosen) <= set(span)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.booleans(), max_size=30), st.integers(1, 6))
def test_lost_stretches_are_the_long_runs_of_absence(present: Sequence[bool], at_least: int) -> None:
    empty, full = PackedMask.pack(np.zeros((4, 4), bool)), PackedMask.pack(np.ones((4, 4), bool))
    entries: Mapping[int, MaskEntry] = {
        index: MaskEntry(1, index, full if there else empty, 1.0, "tracked" if there else "absent")
        for index, there in enumerate(present)
    }
    found = list(lost_stretches(entries, at_least))
    inside = {index for one in found for index in one}
    assert all(len(one) >= at_least for one in found)
    assert not any(present[index] for index in inside)
    text = "".join("x" if there else "." for there in present)
    expected = {
        index
        for index in range(len(text))
        if text[index] == "."
        and len(text[:index]) - len(text[:index].rstrip(".")) + len(text[index:]) - len(text[index:].lstrip("."))
        >= at_least
    }
    assert inside == expected


def test_wrong_options_are_named() -> None:
    with pytest.raises(OptionError, match=r"reidentify: threshold.*re-identification\.md"):
        check_reidentify_options({"threshold": 3})
