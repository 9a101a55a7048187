"""The quality gate, the points it projects, and which answers of a segmenter it takes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.errors import OptionError
from videdit.frames import Alpha, ArrayFrames, FrameSequence, Mask
from videdit.hookspecs import hookimpl
from videdit.masks import IN_MEMORY, MaskEntry, MaskTrack
from videdit.plugins import Plugins
from videdit.progress import Progress, silent
from videdit.prompts import Box, Click, MaskPrompt, Prompt
from videdit.runtime import Runtime
from videdit.segmenter import Hypothesis, Segmenter
from videdit.shots import Shot
from videdit.testing.shapes import disc, wheel
from videdit.tracker import Tracked, Tracker
from videdit.tracking.projecting import depth_of, holes_of
from videdit.tracking.quality import held_back, overlap
from videdit.tracking.refining import Doubtful, Refine, RefineOptions, Refiner, check_refine_options
from videdit.tracking.stage import Engines, Pointed, TrackingStage

SIZE = (96, 128)


# -- the gate at work ------------------------------------------------------------------------------------------------


class Fading(Tracker):
    """Begins with a mask and loses a ring of it with every other step; says honestly what it believes."""

    def __init__(
        self, shape: Callable[[int], Mask], loss: Callable[[Mask], Mask], sure: float, support: Alpha | None
    ) -> None:
        self._shape, self._loss, self._sure, self._support = shape, loss, sure, support
        self._masks: dict[int, Mask] = {}
        self.adopted: list[int] = []

    def start(self, frames: FrameSequence, index: int, masks: Mapping[int, Mask]) -> None:
        self._masks = dict(masks)

    def step(self, index: int) -> dict[int, Tracked]:
        self._masks = {one: self._loss(mask) for one, mask in self._masks.items()}
        return {
            one: Tracked(mask, self._sure, np.where(mask, self._sure, 0).astype(np.float32), {}, self._support)
            for one, mask in self._masks.items()
        }

    def correct(self, index: int, object_id: int, mask: Mask) -> None:
        self._masks[object_id] = mask

    def adopt(self, index: int, object_id: int, mask: Mask) -> None:
        self.adopted.append(index)
        self._masks[object_id] = mask

    def add(self, index: int, object_id: int, mask: Mask) -> None:
        self._masks[object_id] = mask

    def forget(self, object_id: int) -> None:
        self._masks.pop(object_id, None)

    def reset(self) -> None:
        self._masks = {}

    def snapshot(self) -> bytes:
        return b"".join(bytes([one]) + np.packbits(mask).tobytes() for one, mask in sorted(self._masks.items()))

    def restore(self, frames: FrameSequence, state: bytes) -> None:
        share = 1 + SIZE[0] * SIZE[1] // 8
        for at in range(0, len(state), share):
            bits = np.frombuffer(state[at + 1 : at + share], np.uint8)
            self._masks[state[at]] = np.unpackbits(bits).reshape(SIZE).astype(bool)


class Answering(Segmenter):
    """Gives one answer, whatever it is asked."""

    def __init__(self, answer: Callable[[Mask], Mask], score: float = 0.95) -> None:
        self._answer, self._score = answer, score
        self.asked: list[list[Prompt]] = []

    def segment(
        self, frames: FrameSequence, index: int, prompts: Sequence[Prompt], previous: Mask | None = None
    ) -> list[Hypothesis]:
        self.asked.append(list(prompts))
        assert previous is not None
        return [Hypothesis(self._answer(previous), self._score)]


class Bench:
    """One object that stands still in front of a plain ground."""

    def __init__(
        self,
        truth: Mask,
        loss: Callable[[Mask], Mask],
        segmenter: Segmenter,
        *,
        sure: float = 0.95,
        track: MaskTrack | None = None,
        support: Alpha | None = None,
        frames: int = 30,
        **options: Any,
    ) -> None:
        self.truth, self.segmenter = truth, segmenter
        self.trackers: list[Fading] = []
        self._loss, self._sure, self._support = loss, sure, support
        self.track = track if track is not None else MaskTrack.open(IN_MEMORY, size=SIZE)
        rgb = np.where(truth[..., None], (200, 60, 60), (60, 60, 200)).astype(np.uint8)
        pixels = [rgb] * frames
        self.stage = TrackingStage(
            source="film",
            frames_of=lambda shot: ArrayFrames(pixels, first_index=shot.start),
            track=self.track,
            plugins=Plugins(installed=False, objects={"engines": self}),
            runtime=Runtime(),
            engines=Engines(refine=options.pop("refine", "on"), refine_options=options),
        )

    @hookimpl
    def register_trackers(self, register: Any) -> None:
        def make(options: Any, runtime: Any) -> Fading:
            self.trackers.append(Fading(lambda index: self.truth, self._loss, self._sure, self._support))
            return self.trackers[-1]

        register("fading", make, rank=1)

    @hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("answering", lambda options, runtime: self.segmenter, rank=1)

    def run(self, frames: int = 24, report: Callable[[Progress], None] = silent) -> list[MaskEntry]:
        self.stage.run([Pointed(1, "it", {0: [MaskPrompt(mask=self.truth)]})], [Shot(0, frames)], report=report)
        return list(self.track.entries(1))[1:]


def worn(mask: Mask) -> Mask:
    """Take the outermost pixels off."""
    return depth_of(mask) > 1


def test_a_mask_that_shrinks_over_time_is_found_and_put_right() -> None:
    truth = disc(SIZE, (64, 48), 30)
    left_alone = Bench(truth, worn, Answering(lambda mask: truth), refine="off").run()
    assert overlap(left_alone[-1].mask.mask(), truth) < 0.2, "the failure that the paper names"
    scores = [entry.score for entry in left_alone]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.8 > 0.7 > scores[-1]
    bench = Bench(truth, worn, Answering(lambda mask: truth))
    entries = bench.run()
    refined = [entry for entry in entries if entry.origin == "refined"]
    assert refined
    assert bench.trackers[0].adopted == [entry.index for entry in refined], "taken masks go back to the tracker"
    assert min(overlap(entry.mask.mask(), truth) for entry in entries) > 0.4
    after = entries[refined[0].index]
    assert overlap(after.mask.mask(), truth) > 0.85, "later frames profit"
    assert after.score > 0.7


def test_a_mask_that_shrinks_so_slowly_that_no_single_step_shows_it_is_put_right_too() -> None:
    """A ring of one pixel goes every fifth frame: each mask agrees with the last, only their sum tells."""
    truth = disc(SIZE, (64, 48), 30)
    steps = 0

    def slowly(mask: Mask) -> Mask:
        nonlocal steps
        steps += 1
        return worn(mask) if steps % 5 == 0 else mask

    left_alone = Bench(truth, slowly, Answering(lambda mask: truth), refine="off").run(30)
    scores = [entry.score for entry in left_alone]
    assert scores[5] > 0.85
    assert overlap(left_alone[-1].mask.mask(), truth) < 0.75
    steps = 0
    bench = Bench(truth, slowly, Answering(lambda mask: truth), frames=120)
    entries = bench.run(120)
    refined = [entry.index for entry in entries if entry.origin == "refined"]
    assert len(refined) >= 2, "again and again"
    assert min(overlap(entry.mask.mask(), truth) for entry in entries) > 0.5
    assert overlap(entries[refined[-1]].mask.mask(), truth) > 0.85


def bicycle(x: float) -> Mask:
    """Two wheels with rims, hubs and spokes, and the tubes between them: 3 pixels wide, and mostly holes."""
    picture = np.zeros(SIZE, np.uint8)
    wheels = [(round(x), 60), (round(x) + 50, 60)]
    for centre in wheels:
        cv2.circle(picture, centre, 20, 1, 3)
        cv2.circle(picture, centre, 3, 1, -1)
        for angle in np.arange(4) * np.pi / 4:
            along = np.array([np.cos(angle), np.sin(angle)]) * 20
            cv2.line(picture, tuple(np.intp(centre - along)), tuple(np.intp(centre + along)), 1, 1)
    top = [(round(x) + 14, 32), (round(x) + 40, 32)]
    for start, stop in ((wheels[0], top[0]), (top[0], top[1]), (wheels[1], top[1]), (wheels[0], wheels[1])):
        cv2.line(picture, start, stop, 1, 3)
    return picture > 0


def filled(mask: Mask) -> Mask:
    """The mask with all that it encloses, as a segmenter gives that takes a wheel for a disc."""
    return mask | (holes_of(mask)[0] > 0)


@pytest.mark.parametrize("rightly", [False, True])
def test_a_bicycle_that_the_built_in_tracker_follows_keeps_its_spokes(rightly: bool) -> None:
    truths = [bicycle(24 + 0.5 * index) for index in range(12)]
    noise = np.random.default_rng(3).normal(0, 1, (2, *SIZE, 3)).astype(np.float32)
    ground, paint = (
        np.clip(np.array(colour) + 60 * cv2.GaussianBlur(one, (0, 0), 1.5), 0, 255)
        for colour, one in zip([(110, 150, 100), (60, 40, 50)], noise, strict=True)
    )
    pixels = [np.where(mask[..., None], paint, ground).astype(np.uint8) for mask in truths]

    def follow(refine: Refine) -> list[MaskEntry]:
        asked = iter(range(1, len(truths)))
        segmenter = Answering(lambda mask: truths[next(asked)] if rightly else filled(mask))
        with MaskTrack.open(IN_MEMORY, size=SIZE) as track:
            stage = TrackingStage(
                source="film",
                frames_of=lambda shot: ArrayFrames(pixels),
                track=track,
                plugins=Plugins(objects={"segmenter": Offers(segmenter)}),
                runtime=Runtime(quality="draft"),
                # Every mask is asked about, none rests: the worst that the segmenter can do.
                engines=Engines("answering", "builtin", refine=refine, refine_options={"gate": 1.0, "rest_frames": 0}),
            )
            stage.run([Pointed(1, "it", {0: [MaskPrompt(mask=truths[0])]})], [Shot(0, len(pixels))])
            return list(track.entries(1))[1:]

    plain, refined = follow("off"), follow("on")
    decisions = [entry.evidence["refinement"] for entry in refined]
    overlaps = [
        [overlap(entry.mask.mask(), truth) for entry, truth in zip(entries, truths[1:], strict=True)]
        for entries in (plain, refined)
    ]
    if rightly:
        assert sum(one["accepted"] for one in decisions) >= len(decisions) // 2
        assert np.mean(overlaps[1]) > np.mean(overlaps[0])
    else:
        assert not any(one["accepted"] for one in decisions)
        assert overlaps[1] == overlaps[0]
        assert sum("fills holes" in one["why"] or "beside it" in one["why"] for one in decisions) > len(decisions) // 2


class Offers:
    """Offers a segmenter under the name "answering"."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    @hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("answering", lambda options, runtime: self._segmenter, rank=1)


def test_a_thin_and_holed_mask_is_not_filled() -> None:
    truth, filled = wheel(SIZE, (64, 48), 30), disc(SIZE, (64, 48), 30)
    bench = Bench(truth, lambda mask: mask, Answering(lambda mask: filled), sure=0.6)
    entries = bench.run(6)
    assert all(np.array_equal(entry.mask.mask(), truth) for entry in entries)
    decision = entries[0].evidence["refinement"]
    assert not decision["accepted"]
    assert [one for one in decision["points"] if one[2] == 0], "holes get negative points"

    def nearly(mask: Mask) -> Mask:
        return truth | disc(SIZE, (64, 18), 2)

    taken = Bench(truth, lambda mask: mask, Answering(nearly), sure=0.6).run(6)
    assert taken[0].origin == "refined"


@pytest.mark.parametrize(
    ("answer", "score", "why"),
    [
        (lambda mask: disc(SIZE, (64, 48), 20), 0.3, "score 0.30 is below"),
        (lambda mask: disc(SIZE, (110, 48), 20), 0.9, "overlaps the tracker's mask by"),
        (lambda mask: disc(SIZE, (64, 48), 20) | disc(SIZE, (64, 20), 10), 0.9, "covers points beside it"),
        (lambda mask: disc(SIZE, (64, 48), 20) & ~disc(SIZE, (64, 48), 3), 0.9, "leaves out points"),
    ],
)
def test_why_an_answer_is_not_taken(answer: Callable[[Mask], Mask], score: float, why: str) -> None:
    truth = disc(SIZE, (64, 48), 20)
    entries = Bench(truth, lambda mask: mask, Answering(answer, score), sure=0.6).run(8)
    decision = entries[0].evidence["refinement"]
    assert why in decision["why"]
    assert not decision["accepted"]
    assert entries[0].origin == "tracked"
    assert np.array_equal(entries[0].mask.mask(), truth)


def test_an_object_that_came_nearer_may_be_larger_than_the_confirmed_one() -> None:
    """Ten times the area, by motion; the tracker lost a rim. What it lost may come back, twice as much may not."""

    def asked(answer: Mask, drift: float) -> str:
        mask = disc(SIZE, (64, 48), 30)
        doubtful = Doubtful(
            5, mask, mask.astype(np.float32), {}, 0.6, np.count_nonzero(mask) // 10, drift, False, lambda _: 1.0
        )
        return (
            Refiner(Answering(lambda _: answer), ArrayFrames([np.zeros((*SIZE, 3), np.uint8)]), RefineOptions())
            .ask(doubtful)
            .why
        )

    assert asked(disc(SIZE, (64, 48), 34), 0.0) == "the answer is taken"
    assert asked(disc(SIZE, (64, 48), 38), -0.4) == "the answer is taken"
    assert "times the confirmed one" in asked(disc(SIZE, (64, 48), 38), 0.0)
    assert "times the confirmed one" in asked(disc(SIZE, (64, 48), 34), 0.4)


def test_after_a_refusal_the_segmenter_rests() -> None:
    segmenter = Answering(lambda mask: mask, score=0.1)
    entries = Bench(disc(SIZE, (64, 48), 20), lambda mask: mask, segmenter, sure=0.6, rest_frames=4).run(13)
    asked = [entry.index for entry in entries if "answer_score" in entry.evidence["refinement"]]
    assert asked == [1, 6, 11]
    assert "after a refusal" in entries[1].evidence["refinement"]["why"]


def test_masks_above_the_gate_cost_no_question() -> None:
    segmenter = Answering(lambda mask: mask)
    entries = Bench(disc(SIZE, (64, 48), 20), lambda mask: mask, segmenter).run(6)
    assert segmenter.asked == []
    assert all("refinement" not in entry.evidence for entry in entries)
    assert all(entry.evidence["quality"]["overlap"] > 0.9 for entry in entries)


def test_what_memory_does_not_find_is_in_doubt() -> None:
    """A tracker that is sure of its mask, but whose memory knows the place as ground, is not believed."""
    truth = disc(SIZE, (64, 48), 20)
    scores = []
    for found in (1.0, 0.1):
        support = found * truth.reshape(12, 8, 16, 8).mean(axis=(1, 3)).astype(np.float32)
        bench = Bench(truth, lambda mask: mask, Answering(lambda mask: mask, score=0.1), support=support)
        entries = bench.run(4)
        assert entries[0].evidence["quality"]["support"] == pytest.approx(found, abs=0.02)
        scores.append(entries[0].score)
        assert ("refinement" in entries[0].evidence) == (found < 0.5)
    assert scores[0] > 0.8 > 0.7 > scores[1]


def test_points_lie_where_memory_found_the_object() -> None:
    """The mask has leaked over a look-alike of the ground; memory knows the right half alone."""
    truth = disc(SIZE, (64, 48), 26)
    known = truth & (np.arange(SIZE[1]) >= 64)
    segmenter = Answering(lambda mask: mask)
    support = known.astype(np.float32)[4::8, 4::8]
    Bench(truth, lambda mask: mask, segmenter, sure=0.6, support=support).run(2)
    clicks = [one for one in segmenter.asked[0] if isinstance(one, Click) and one.positive]
    assert clicks
    assert all(known[int(one.y), int(one.x)] for one in clicks)


def test_the_question_has_the_mask_a_box_and_points() -> None:
    segmenter = Answering(lambda mask: mask)
    Bench(disc(SIZE, (64, 48), 20), lambda mask: mask, segmenter, sure=0.6).run(2)
    kinds = [type(prompt) for prompt in segmenter.asked[0]]
    assert kinds[:2] == [MaskPrompt, Box]
    assert set(kinds[2:]) == {Click}


def test_weak_segmenters_are_not_asked_unless_told_to() -> None:
    segmenter = Answering(lambda mask: mask)
    Bench(disc(SIZE, (64, 48), 20), lambda mask: mask, segmenter, sure=0.6, refine="auto").run(3)
    assert segmenter.asked == []


@settings(max_examples=8, deadline=None)
@given(stop=st.integers(2, 14))
def test_a_killed_run_with_refinement_goes_on_byte_for_byte(stop: int) -> None:
    truth = disc(SIZE, (64, 48), 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videdit.tracking.making.CHUNK_FRAMES", 4)
        whole = Bench(truth, worn, Answering(lambda mask: truth))
        whole.run(16)
        broken = Bench(truth, worn, Answering(lambda mask: truth))

        def killed(progress: Progress) -> None:
            if progress.done == stop:
                raise RuntimeError("killed")

        with contextlib.suppress(RuntimeError):
            broken.run(16, killed)
        again = Bench(truth, worn, Answering(lambda mask: truth), track=broken.track)
        again.run(16)
        assert again.track.digest() == whole.track.digest()


def test_decisions_can_be_kept_as_json() -> None:
    entries = Bench(disc(SIZE, (64, 48), 20), worn, Answering(lambda mask: mask), sure=0.6).run(4)
    facts = json.loads(json.dumps(entries[0].evidence["refinement"]))
    assert set(facts) == {"accepted", "why", "quality", "points", "answer_score", "agreement"}


def test_a_wrong_option_is_named() -> None:
    assert check_refine_options({"gate": "0.5"}) == RefineOptions(gate=0.5)
    with pytest.raises(OptionError, match=r"refine_options.gate: .*less than or equal to 1"):
        check_refine_options({"gate": 3})


@given(now=st.floats(0, 1), before=st.floats(0, 1))
def test_doubt_lasts(now: float, before: float) -> None:
    score = held_back(now, before)
    assert score <= now
    if now <= before:
        assert score == now
    else:
        assert before <= score <= before + 0.06
