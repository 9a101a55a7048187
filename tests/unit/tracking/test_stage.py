"""The tracking stage, with engines that go by colour."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.errors import BrokenPlugin, Interrupted, NothingSelected, OutsideFrame
from videdit.frames import ArrayFrames
from videdit.masks import IN_MEMORY, MaskTrack
from videdit.plugins import Plugins
from videdit.progress import Progress
from videdit.prompts import Click, MaskPrompt
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit.testing.fakes import FakePlugin
from videdit.tracking import making
from videdit.tracking.passes import plan_passes
from videdit.tracking.pieces import pieces_of
from videdit.tracking.stage import Engines, Pointed, TrackingStage

SIZE = (32, 48)
RED, BLUE = (220, 10, 10), (10, 10, 220)


def film(count: int) -> list[np.ndarray]:
    """A red square that moves right and a blue one that moves down, over dark ground."""
    frames = []
    for t in range(count):
        rgb = np.full((*SIZE, 3), 40, np.uint8)
        rgb[4:12, 2 + t % 30 : 10 + t % 30] = RED
        rgb[14 + t % 10 : 20 + t % 10, 36:44] = BLUE
        frames.append(rgb)
    return frames


class Bench:
    """A stage over a made-up film."""

    def __init__(self, count: int, track: MaskTrack | None = None) -> None:
        self.pixels = film(count)
        self.fake = FakePlugin()
        self.track = track if track is not None else MaskTrack.open(IN_MEMORY, size=SIZE)
        self.stage = TrackingStage(
            source="film",
            frames_of=lambda shot: ArrayFrames(self.pixels[shot.start : shot.stop], first_index=shot.start),
            track=self.track,
            plugins=Plugins(installed=False, objects={"fakes": self.fake}),
            runtime=Runtime(),
            engines=Engines(refine="off", reidentify={"enabled": False}),
        )

    def log(self) -> list[tuple[object, ...]]:
        return [entry for tracker in self.fake.trackers for entry in tracker.log]


def red(index: int) -> Click:
    return Click(2 + index % 30 + 3, 7, object="red")


def blue(index: int) -> Click:
    return Click(39, 14 + index % 10 + 3, object="blue")


def pointed(number: int, name: str, make: Callable[[int], Click], *frames: int) -> Pointed:
    return Pointed(number, name, {index: [make(index)] for index in frames})


def test_forward_and_backward_from_the_prompt() -> None:
    bench = Bench(20)
    bench.stage.run([pointed(1, "red", red, 8)], [Shot(0, 20)])
    for index in range(20):
        entry = bench.track.get(1, index)
        assert entry is not None
        assert np.array_equal(entry.mask.mask(), (bench.pixels[index] == RED).all(axis=2))
        assert entry.origin == ("prompt" if index == 8 else "tracked")
    assert bench.log() == [("start", 8, (1,)), ("start", 8, (1,))]


def test_nothing_crosses_a_cut() -> None:
    bench = Bench(20)
    bench.stage.run([pointed(1, "red", red, 3)], [Shot(0, 10), Shot(10, 20)])
    assert bench.track.frames(1) == list(range(10))


def test_an_object_that_is_not_there_is_absent() -> None:
    bench = Bench(12)
    for index in range(6, 9):
        bench.pixels[index][:] = 40
    bench.stage.run([pointed(1, "red", red, 0)], [Shot(0, 12)])
    origins = [entry.origin for entry in bench.track.entries(1)]
    assert origins == ["prompt", *["tracked"] * 5, *["absent"] * 3, *["tracked"] * 3]


def test_objects_join_where_they_are_prompted_and_later_prompts_correct() -> None:
    bench = Bench(20)
    bench.stage.run([pointed(1, "red", red, 2, 9), pointed(2, "blue", blue, 5)], [Shot(0, 20)])
    log = bench.log()
    assert log[0] == ("start", 2, (1,))
    assert ("confirm", 9, 1) in log
    assert ("add", 5, 2) in log
    assert ("correct", 9, 1) in log
    assert bench.track.frames(1) == bench.track.frames(2) == list(range(20))


def test_a_changed_prompt_tracks_its_object_alone() -> None:
    bench = Bench(20)
    both = [pointed(1, "red", red, 2), pointed(2, "blue", blue, 5)]
    bench.stage.run(both, [Shot(0, 20)])
    before = bench.track.digest(2)
    began = len(bench.fake.trackers)
    bench.stage.run([pointed(1, "red", red, 4), both[1]], [Shot(0, 20)])
    assert bench.track.digest(2) == before
    assert all(2 not in entry[-1] for entry in bench.log()[began:] if entry[0] == "start" and entry[1] == 4)
    entry = bench.track.get(1, 4)
    assert entry is not None
    assert entry.origin == "prompt"


def test_nothing_is_done_twice() -> None:
    bench = Bench(10)
    objects = [pointed(1, "red", red, 2)]
    bench.stage.run(objects, [Shot(0, 10)])
    assert bench.stage.is_fresh(objects, [Shot(0, 10)])
    made = len(bench.fake.trackers)
    bench.stage.run(objects, [Shot(0, 10)])
    assert len(bench.fake.trackers) == made


def test_a_prompt_that_is_taken_back_takes_its_masks_along() -> None:
    bench = Bench(10)
    bench.stage.run([pointed(1, "red", red, 2)], [Shot(0, 10)])
    bench.stage.run([Pointed(1, "red", {})], [Shot(0, 10)])
    assert bench.track.frames(1) == []


def test_imported_masks_are_left_alone() -> None:
    bench = Bench(10)
    bench.stage.run([pointed(1, "red", red, 2)], [Shot(0, 10)])
    other = Bench(10)
    other.track.put(list(bench.track.entries(1)))
    other.stage.run([Pointed(1, "red", {})], [Shot(0, 10)])
    assert other.track.digest(1) == bench.track.digest(1)


@settings(max_examples=15, deadline=None)
@given(stop=st.integers(1, 58), first=st.integers(0, 29), second=st.integers(0, 29))
def test_a_stopped_run_goes_on_byte_for_byte(stop: int, first: int, second: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videdit.tracking.making.CHUNK_FRAMES", 7)
        objects = [pointed(1, "red", red, first), pointed(2, "blue", blue, second)]
        whole = Bench(30)
        whole.stage.run(objects, [Shot(0, 30)])

        broken = Bench(30)
        seen = 0

        def killed(progress: Progress) -> None:
            nonlocal seen
            seen += 1
            if seen == stop:
                raise RuntimeError("killed")

        with contextlib.suppress(RuntimeError):
            broken.stage.run(objects, [Shot(0, 30)], report=killed)
        again = Bench(30, broken.track)
        again.stage.run(objects, [Shot(0, 30)])
        assert again.track.digest() == whole.track.digest()


def test_interrupting_keeps_every_finished_frame() -> None:
    bench = Bench(30)

    def stop(progress: Progress) -> None:
        if progress.done == 12:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        bench.stage.run([pointed(1, "red", red, 0)], [Shot(0, 30)], report=stop)
    assert len(bench.track.frames(1)) == 12


def test_the_range_limits_the_work() -> None:
    bench = Bench(30)
    bench.stage.run([pointed(1, "red", red, 12)], [Shot(0, 20), Shot(20, 30)], span=Shot(10, 25))
    assert bench.track.frames(1) == list(range(10, 20))


def test_a_prompt_outside_the_picture_says_where() -> None:
    bench = Bench(5)
    with pytest.raises(OutsideFrame, match=r"object 'red', frame 0: the click at 48,3 lies outside .* 48x32"):
        bench.stage.run([Pointed(1, "red", {0: [Click(48, 3, object="red")]})], [Shot(0, 5)])


def test_an_empty_selection_is_an_error() -> None:
    bench = Bench(5)
    prompts = [red(0), Click(*(5.0, 7.0), positive=False, object="red")]
    with pytest.raises(NothingSelected, match="object 'red', frame 0"):
        bench.stage.run([Pointed(1, "red", {0: prompts})], [Shot(0, 5)])
    with pytest.raises(NothingSelected, match="only negative prompts"):
        bench.stage.run([Pointed(1, "red", {0: [Click(5, 7, False)]})], [Shot(0, 5)])


def test_a_mask_is_taken_as_it_is_and_no_segmenter_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(5)
    monkeypatch.setattr(bench.stage, "segmenter", lambda: pytest.fail("a segmenter was made"))
    mask = np.zeros(SIZE, bool)
    mask[5:10, 3:9] = True
    bench.stage.run([Pointed(1, "red", {0: [MaskPrompt(mask=mask)]})], [Shot(0, 5)])
    entry = bench.track.get(1, 0)
    assert entry is not None
    assert np.array_equal(entry.mask.mask(), mask)
    wrong = Bench(5)
    with pytest.raises(OutsideFrame, match="the mask is 9x9, but the picture is 48x32"):
        wrong.stage.run([Pointed(1, "red", {0: [MaskPrompt(mask=np.ones((9, 9), bool))]})], [Shot(0, 5)])


def test_a_tracker_that_raises_is_named_with_its_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(5)

    def fail(self: object, index: int) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("videdit.testing.fakes.ColourTracker.step", fail)
    with pytest.raises(BrokenPlugin, match="frame 1: the tracker raised ZeroDivisionError: oh"):
        bench.stage.run([pointed(1, "red", red, 0)], [Shot(0, 5)])


@given(
    prompted=st.dictionaries(st.integers(1, 5), st.sets(st.integers(0, 19), min_size=1, max_size=4), max_size=4),
    start=st.integers(0, 10),
    length=st.integers(1, 20),
)
def test_passes_reach_every_frame_from_the_confirmed_ones_beside_it(
    prompted: dict[int, set[int]], start: int, length: int
) -> None:
    span = Shot(start, start + length)
    pieces = [piece for object_id, frames in prompted.items() for piece in pieces_of(object_id, frames, span)]
    passes = plan_passes(pieces)
    assert all(index in span for plan in passes for index in plan.frames)
    for object_id, frames in prompted.items():
        inside = sorted(index for index in frames if index in span)
        ways = {"forward": set[int](), "backward": set[int]()}
        for plan in passes:
            here = [index for index in plan.frames if plan.made(object_id, index) is not None]
            assert not ways[plan.direction].intersection(here), "no frame is walked twice in one direction"
            ways[plan.direction].update(here)
            for piece in plan.pieces.get(object_id, ()):
                seed = piece.start - 1 if plan.direction == "forward" else piece.stop
                assert seed in inside
                assert object_id in plan.given[seed]
        others = set(span) - set(inside) if inside else set()
        assert ways["forward"] == {index for index in others if index > inside[0]}
        assert ways["backward"] == {index for index in others if index < inside[-1]}


def test_chunks_are_no_longer_than_promised() -> None:
    assert making.CHUNK_FRAMES <= 250
