"""What a correction tracks again, and what it leaves as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit.frames import ArrayFrames, FrameSequence, Mask
from videdit.hookspecs import hookimpl
from videdit.masks import IN_MEMORY, MaskEntry, MaskTrack, PackedMask
from videdit.plugins import Plugins
from videdit.progress import Progress, silent
from videdit.prompts import Click, MaskPrompt, Prompt
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit.testing.fakes import ColourSegmenter
from videdit.tracker import Tracked, Tracker
from videdit.tracking.blending import blend, share_of_forward
from videdit.tracking.pieces import Piece, pieces_of
from videdit.tracking.stage import Engines, Pointed, TrackingStage

SIZE = (24, 40)
SHOT = Shot(0, 24)


class DriftingTracker(Tracker):
    """Carries each mask one pixel to the right with every step, wrapping round: state that every call changes."""

    def __init__(self, log: list[tuple[Any, ...]]) -> None:
        self._masks: dict[int, Mask] = {}
        self._log = log

    def start(self, frames: FrameSequence, index: int, masks: Mapping[int, Mask]) -> None:
        self._log.append(("start", index, tuple(masks)))
        self._masks = dict(masks)

    def step(self, index: int) -> dict[int, Tracked]:
        self._log.append(("step", index, tuple(sorted(self._masks))))
        self._masks = {one: np.roll(mask, 1, axis=1) for one, mask in self._masks.items()}
        return {one: Tracked(mask, 0.5 + index / 100) for one, mask in self._masks.items()}

    def correct(self, index: int, object_id: int, mask: Mask) -> None:
        self._log.append(("correct", index, object_id))
        self._masks[object_id] = mask

    def adopt(self, index: int, object_id: int, mask: Mask) -> None:
        self._log.append(("adopt", index, object_id))
        self._masks[object_id] = mask

    def add(self, index: int, object_id: int, mask: Mask) -> None:
        self._log.append(("add", index, object_id))
        self._masks[object_id] = mask

    def confirm(self, index: int, object_id: int, mask: Mask) -> None:
        self._log.append(("confirm", index, object_id))

    def forget(self, object_id: int) -> None:
        self._log.append(("forget", object_id))
        self._masks.pop(object_id, None)

    def reset(self) -> None:
        self._masks = {}

    def snapshot(self) -> bytes:
        ids = sorted(self._masks)
        return bytes(ids) + b"".join(np.packbits(self._masks[one]).tobytes() for one in ids)

    def restore(self, frames: FrameSequence, state: bytes) -> None:
        share = SIZE[0] * SIZE[1] // 8
        count = len(state) // (share + 1)
        for number, one in enumerate(state[:count]):
            bits = np.frombuffer(state[count + number * share : count + (number + 1) * share], np.uint8)
            self._masks[one] = np.unpackbits(bits).reshape(SIZE).astype(bool)


class AstrayTracker(DriftingTracker):
    """Stands still, and is less sure of what began in the lower half, which is rubbish."""

    def step(self, index: int) -> dict[int, Tracked]:
        return {one: Tracked(mask, 0.37 if mask[12:].any() else 0.5) for one, mask in self._masks.items()}


class Bench:
    """A stage whose tracker drifts."""

    def __init__(self, track: MaskTrack | None = None, tracker: type[DriftingTracker] = DriftingTracker) -> None:
        self._tracker = tracker
        self.log: list[tuple[Any, ...]] = []
        self.track = track if track is not None else MaskTrack.open(IN_MEMORY, size=SIZE)
        pixels = [np.full((*SIZE, 3), index, np.uint8) for index in SHOT]
        self.stage = TrackingStage(
            source="film",
            frames_of=lambda shot: ArrayFrames(pixels[shot.start : shot.stop], first_index=shot.start),
            track=self.track,
            plugins=Plugins(installed=False, objects={"drifting": self}),
            runtime=Runtime(),
            engines=Engines(refine="off"),
        )

    @hookimpl
    def register_trackers(self, register: Any) -> None:
        register("drifting", lambda options, runtime: self._tracker(self.log), rank=1)

    @hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("colour", ColourSegmenter, rank=1)

    def entries(self, object_id: int) -> dict[int, MaskEntry]:
        return {entry.index: entry for entry in self.track.entries(object_id)}


def drawn(row: int, column: int) -> list[Prompt]:
    mask = np.zeros(SIZE, bool)
    mask[row : row + 4, column : column + 5] = True
    return [MaskPrompt(mask=mask)]


def thing(object_id: int, prompts: Mapping[int, Sequence[Prompt]]) -> Pointed:
    return Pointed(object_id, str(object_id), dict(prompts))


FRAMES = st.integers(SHOT.start, SHOT.stop - 1)


@given(first=st.sets(FRAMES, min_size=1, max_size=4), later=FRAMES)
def test_a_confirmed_frame_changes_its_own_piece_and_no_other(first: set[int], later: int) -> None:
    before, after = pieces_of(1, first, SHOT), pieces_of(1, {*first, later}, SHOT)
    for pieces in (before, after):
        assert sorted(index for piece in pieces for index in range(piece.start, piece.stop)) == list(SHOT)
    changed = [piece for piece in before if piece not in after]
    assert len(changed) == (later not in first)
    assert all(later in piece for piece in changed)


@settings(max_examples=20, deadline=None)
@given(
    first=st.sets(FRAMES, min_size=1, max_size=3),
    other=st.sets(FRAMES, min_size=1, max_size=2),
    later=st.lists(FRAMES, min_size=1, max_size=3, unique=True),
)
def test_what_a_correction_does_not_concern_keeps_its_bytes(first: set[int], other: set[int], later: list[int]) -> None:
    bench = Bench()
    prompts = {index: drawn(2, 3) for index in first}
    rival = thing(2, {index: drawn(12, 8) for index in other})
    bench.stage.run([thing(1, prompts), rival], [SHOT])
    for number, index in enumerate(later):
        before, rivals = bench.entries(1), bench.track.digest(2)
        concerned = {
            frame
            for piece in pieces_of(1, [*prompts, index], SHOT)
            for frame in range(piece.start, piece.stop)
            if index in (*piece.bounds, piece.start)
        }
        prompts[index] = drawn(5, 9 + number)
        bench.stage.run([thing(1, prompts), rival], [SHOT])
        after = bench.entries(1)
        assert bench.track.digest(2) == rivals
        assert set(after) == set(SHOT)
        assert {frame for frame in SHOT if after[frame] != before[frame]} <= concerned
        assert after[index].mask == PackedMask.pack(prompts[index][0].mask)  # type: ignore[union-attr,arg-type]
        assert bench.stage.is_fresh([thing(1, prompts), rival], [SHOT])


def test_between_two_confirmed_frames_both_ways_count() -> None:
    bench = Bench()
    bench.stage.run([thing(1, {2: drawn(2, 3), 12: drawn(8, 20)})], [SHOT])
    entries = bench.entries(1)
    assert entries[3].mask.region.y0 == 2
    assert entries[11].mask.region.y0 == 8
    shares = [entries[index].evidence["forward_share"] for index in range(3, 12)]
    assert shares == sorted(shares, reverse=True)
    assert "forward_share" not in entries[13].evidence


def test_a_poor_correction_does_not_undo_the_frames_before_it() -> None:
    """Seen on bmx-trees: five clicks on a hidden bicycle selected a tree, and the way back took it to the start."""
    bench = Bench(tracker=AstrayTracker)
    bench.stage.run([thing(1, {0: drawn(2, 3)})], [SHOT])
    before = bench.entries(1)
    bench.stage.run([thing(1, {0: drawn(2, 3), 22: drawn(18, 30)})], [SHOT])
    after = bench.entries(1)
    assert [index for index in range(16) if after[index].mask != before[index].mask] == []
    assert after[21].mask.region.y0 == 18, "beside the frame that a person confirmed, that frame counts"


def test_masks_that_hardly_overlap_are_not_mixed() -> None:
    def entry(left: int, score: float) -> MaskEntry:
        mask = np.zeros((100, 100), bool)
        mask[30:60, left : left + 30] = True
        return MaskEntry(1, 5, PackedMask.pack(mask), score, "tracked")

    apart = entry(20, 0.9), entry(32, 0.85)
    assert blend(*apart, Piece(1, 1, 10, "between")).mask == apart[0].mask


def test_a_taken_back_correction_gives_the_masks_of_before() -> None:
    bench = Bench()
    prompts = {2: drawn(2, 3), 20: drawn(4, 3)}
    bench.stage.run([thing(1, prompts)], [SHOT])
    before = bench.track.digest(1)
    bench.stage.run([thing(1, {**prompts, 9: drawn(9, 9)})], [SHOT])
    assert bench.track.digest(1) != before
    bench.stage.run([thing(1, prompts)], [SHOT])
    assert bench.track.digest(1) == before


def test_rivals_are_shown_to_the_tracker_as_they_are_known() -> None:
    bench = Bench()
    rival = thing(2, {0: drawn(7, 3), 10: drawn(7, 16)})
    bench.stage.run([thing(1, {0: drawn(2, 3)}), rival], [SHOT])
    bench.log.clear()
    bench.stage.run([thing(1, {0: drawn(2, 3), 20: drawn(2, 3)}), rival], [SHOT])
    assert bench.log[:2] == [("start", 0, (1,)), ("confirm", 20, 1)]
    assert ("add", 0, 2) in bench.log
    adopted = [entry[1] for entry in bench.log if entry[0] == "adopt"]
    assert 10 in adopted, "where the rival was put right, its own course would lead astray"
    assert not any(entry[0] in ("correct", "confirm") and entry[-1] == 2 for entry in bench.log)


@pytest.mark.parametrize(("height", "part"), [(3, False), (8, True)])
def test_a_rival_is_shown_without_what_a_person_gave_to_another_object(height: int, part: bool) -> None:
    shown: list[Mask] = []

    class Watching(DriftingTracker):
        def add(self, index: int, object_id: int, mask: Mask) -> None:
            if (index, object_id) == (12, 2):
                shown.append(mask)
            super().add(index, object_id, mask)

    bench = Bench(tracker=Watching)
    rival = np.zeros(SIZE, bool)
    rival[4:12, 4:12] = True
    bench.stage.run([thing(1, {12: drawn(18, 3)}), thing(2, {12: [MaskPrompt(mask=rival)]})], [SHOT])
    given = np.zeros(SIZE, bool)
    given[4 : 4 + height, 4:24] = True
    shown.clear()
    bench.stage.run([thing(1, {12: [MaskPrompt(mask=given)]}), thing(2, {12: [MaskPrompt(mask=rival)]})], [SHOT])
    assert shown
    assert all(np.array_equal(mask, rival if part else rival & ~given) for mask in shown)


def test_rivals_far_away_cost_nothing() -> None:
    bench = Bench()
    bench.stage.run([thing(2, {0: drawn(18, 3), 23: drawn(18, 3)})], [SHOT])
    bench.log.clear()
    bench.stage.run([thing(1, {0: drawn(0, 3)}), thing(2, {0: drawn(18, 3), 23: drawn(18, 3)})], [SHOT])
    assert not any(entry[0] == "add" for entry in bench.log)


@settings(max_examples=15, deadline=None)
@given(stop=st.integers(1, 120), late=FRAMES, chunk=st.integers(3, 9))
def test_a_killed_correction_goes_on_byte_for_byte(stop: int, late: int, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("videdit.tracking.making.CHUNK_FRAMES", chunk)
        first = [thing(1, {4: drawn(2, 3), 18: drawn(3, 3)}), thing(2, {6: drawn(12, 8)})]
        second = [thing(1, {4: drawn(2, 3), 18: drawn(3, 3), late: drawn(7, 7)}), first[1]]
        whole, broken = Bench(), Bench()
        for bench in (whole, broken):
            bench.stage.run(first, [SHOT])
        whole.stage.run(second, [SHOT])
        seen = 0

        def killed(progress: Progress) -> None:
            nonlocal seen
            seen += 1
            if seen == stop:
                raise RuntimeError("killed")

        with contextlib.suppress(RuntimeError):
            broken.stage.run(second, [SHOT], report=killed)
        Bench(broken.track).stage.run(second, [SHOT])
        assert broken.track.digest() == whole.track.digest()


@settings(max_examples=15, deadline=None)
@given(stop=st.integers(1, 45), late=FRAMES)
def test_a_correction_meanwhile_lets_the_others_go_on_where_they_were(stop: int, late: int) -> None:
    first = [thing(1, {4: drawn(2, 3)}), thing(2, {6: drawn(14, 8)})]
    second = [thing(1, {4: drawn(2, 3), late: drawn(1, 9)}), first[1]]
    whole = Bench()
    whole.stage.run(first, [SHOT])
    bench = Bench()
    steps = bench.stage.steps(first, [SHOT])
    for _, _ in zip(range(stop), steps, strict=False):
        pass
    steps.close()
    bench.log.clear()
    bench.stage.run(second, [SHOT])
    assert bench.track.digest(2) == whole.track.digest(2)
    assert bench.stage.is_fresh(second, [SHOT])
    assert not bench.stage.is_fresh(first, [SHOT]) or late == 4
    assert set(bench.entries(1)) == set(SHOT)


def test_closing_the_steps_keeps_every_frame_that_was_made() -> None:
    bench = Bench()
    steps = bench.stage.steps([thing(1, {0: drawn(2, 3)})], [SHOT], report=silent)
    made = [next(steps) for _ in range(8)]
    steps.close()
    assert [one.index for one in made] == list(range(8))
    assert set(bench.entries(1)) == set(range(8))
    assert made[5].entries[1] == bench.entries(1)[5]


def test_clicks_on_a_mask_correct_it() -> None:
    bench = Bench()
    there = drawn(2, 3)
    bench.stage.run([thing(1, {3: [*there, Click(30, 20)]})], [SHOT])
    assert bench.entries(1)[3].origin == "corrected"


@given(nearness=st.floats(0.01, 0.99), one=st.floats(0, 1), other=st.floats(0, 1))
def test_the_nearer_and_the_surer_walk_counts_more(nearness: float, one: float, other: float) -> None:
    share = share_of_forward(nearness, one, other)
    assert 0 <= share <= 1
    assert share_of_forward(nearness, 0.5, 0.5) == pytest.approx(nearness)
    if one > other:
        assert share >= nearness or share == pytest.approx(nearness)


def test_outlines_meet_between() -> None:
    def entry(left: int) -> MaskEntry:
        mask = np.zeros((100, 100), bool)
        mask[30:60, left : left + 30] = True
        return MaskEntry(1, 5, PackedMask.pack(mask), 0.9, "tracked")

    middle = blend(entry(20), entry(22), Piece(1, 1, 10, "between"))
    assert middle.mask.region.x0 == 21
    empty = MaskEntry(1, 2, PackedMask.absent((100, 100)), 0.9, "absent")
    assert blend(empty, entry(20), Piece(1, 1, 10, "between")).mask.empty
    assert not blend(empty, entry(20), Piece(1, 0, 4, "between")).mask.empty
