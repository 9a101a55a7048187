"""XMem as a tracker, with a network that sees colours: objects, memory, snapshots, geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from videdit.errors import OptionError, OutOfMemory, ShapeError
from videdit.frames import ArrayFrames
from videdit.runtime import Runtime
from videdit.testing.contracts import assert_contract
from videdit.tracker import Tracked
from videdit_plugins.xmem.ahead import EncodedFrames
from videdit_plugins.xmem.engine import XMemTracker
from videdit_plugins.xmem.geometry import Geometry
from videdit_plugins.xmem.options import XMemOptions
from videdit_plugins.xmem.precision import reduced_precision

SMALL = XMemOptions(
    memory_every_frames=2,
    max_working_frames=4,
    min_working_frames=2,
    prototypes=6,
    max_long_term=12,
    max_confirmed_frames=6,
    top_k=4,
)
SIZE = (64, 96)
COLOURS = {1: (220, 40, 40), 2: (40, 200, 60), 3: (50, 60, 230), 4: (230, 220, 40)}


def square(object_id: int, t: int) -> np.ndarray:
    """Object masks move by a cell every eight frames, each in a row of its own."""
    mask = np.zeros(SIZE, bool)
    x = 16 * ((t // 8) % 5)
    mask[16 * (object_id - 1) : 16 * object_id, x : x + 16] = True
    return mask


def film(count: int) -> ArrayFrames:
    pixels = []
    for t in range(count):
        rgb = np.full((*SIZE, 3), 120, np.uint8)
        for object_id, colour in COLOURS.items():
            rgb[square(object_id, t)] = colour
        pixels.append(rgb)
    return ArrayFrames(pixels, first_index=10)


def right(tracked: dict[int, Tracked], t: int) -> bool:
    return all(np.array_equal(one.mask, square(object_id, t)) for object_id, one in tracked.items())


@pytest.fixture
def tracker(network: Any) -> XMemTracker:
    return XMemTracker(SMALL, Runtime(), network)


def test_contract(network: Any) -> None:
    for options in (SMALL, XMemOptions(ahead_frames=3)):
        assert_contract("tracker", lambda given, runtime: XMemTracker(given, runtime, network), options)


def test_objects_join_and_leave_over_full_long_term_memory(tracker: XMemTracker) -> None:
    frames = film(100)
    tracker.start(frames, 10, {1: square(1, 0)})
    for t in range(1, 100):
        assert right(tracker.step(10 + t), t), f"frame {t}"
        if t in (31, 48, 61):
            joins = {31: 2, 48: 3, 61: 4}[t]
            assert all(group.long > SMALL.max_long_term - SMALL.prototypes for group in groups(tracker)[:1])
            tracker.add(10 + t, joins, square(joins, t))
        if t == 55:
            tracker.forget(2)
        if t == 75:
            tracker.add(10 + t, 2, square(2, t))
    assert sorted(tracker.step(108)) == [1, 2, 3, 4]


def test_a_long_shot_with_joins_and_a_leave_over_full_long_term_memory(tracker: XMemTracker) -> None:
    """600 frames; the published code raises NotImplementedError where long-term memory of two groups is full."""
    frames = film(600)
    tracker.start(frames, 10, {1: square(1, 0)})
    held = []
    for t in range(1, 600):
        assert right(tracker.step(10 + t), t), f"frame {t}"
        held.append(sum(len(group.elements) for group in groups(tracker)))
        if t in (50, 300):
            assert groups(tracker)[0].long > SMALL.max_long_term - SMALL.prototypes
            joins = {50: 2, 300: 3}[t]
            tracker.add(10 + t, joins, square(joins, t))
        if t == 400:
            tracker.forget(2)
    of_one = SMALL.max_long_term + 24 * (SMALL.max_working_frames - 1)
    assert max(held[:50]) <= of_one
    assert max(held[50:300]) <= 2 * of_one
    assert max(held[330:400]) == max(held) <= 3 * of_one
    assert max(held[400:]) <= 2 * of_one
    assert max(held[200:300]) == max(held[100:200])
    assert max(held[500:]) == max(held[402:500])
    assert sorted(tracker.step(608)) == [1, 3]


def groups(tracker: XMemTracker) -> list[Any]:
    return tracker._propagation.run.groups


def test_memory_is_flat(tracker: XMemTracker) -> None:
    frames = film(120)
    tracker.start(frames, 10, {1: square(1, 0), 2: square(2, 0)})
    sizes = []
    for t in range(1, 120):
        tracker.step(10 + t)
        sizes.append(len(tracker.snapshot()))
    # The lengths of a few numbers in the head vary by some bytes.
    assert max(sizes[60:]) <= max(sizes[:60]) + 16


def test_backwards(tracker: XMemTracker) -> None:
    frames = film(20)
    tracker.start(frames, 29, {1: square(1, 19), 2: square(2, 19)})
    assert all(right(tracker.step(10 + t), t) for t in range(18, -1, -1))


def test_a_snapshot_holds_what_was_said_last(network: Any) -> None:
    frames = film(40)

    def begun() -> XMemTracker:
        made = XMemTracker(SMALL, Runtime(), network)
        made.start(frames, 10, {1: square(1, 0), 2: square(2, 0)})
        for t in range(1, 12):
            made.step(10 + t)
        made.correct(21, 1, square(1, 11))
        made.add(21, 3, square(3, 11))
        made.adopt(21, 2, square(2, 11))
        made.confirm(40, 2, square(2, 30))
        return made

    one, untouched = begun(), begun()
    state = one.snapshot()
    assert state == untouched.snapshot()
    other = XMemTracker(SMALL, Runtime(), network)
    other.restore(frames, state)
    assert other.snapshot() == state
    for index in range(22, 40):
        results = [each.step(index) for each in (one, other, untouched)]
        for result in results[1:]:
            assert result.keys() == results[0].keys()
            for object_id, found in result.items():
                assert found.score == results[0][object_id].score
                assert np.array_equal(found.probability, results[0][object_id].probability)
    assert one.snapshot() == other.snapshot() == untouched.snapshot()


def test_confirmed_frames_are_kept_for_good(network: Any) -> None:
    notes: list[str] = []
    tracker = XMemTracker(SMALL, Runtime(note=notes.append), network)
    frames = film(60)
    tracker.start(frames, 10, {1: square(1, 0), 2: square(2, 0)})
    tracker.confirm(50, 1, square(1, 40))
    tracker.confirm(50, 99, square(1, 40))
    for t in range(1, 30):
        tracker.step(10 + t)
    assert {tuple(group.objects): group.permanent for group in groups(tracker)} == {(1,): [10, 50], (2,): [10]}
    assert notes == []
    for t in range(30, 38):
        tracker.step(10 + t)
        tracker.correct(10 + t, 1, square(1, t))
    tracker.step(48)
    assert len(next(group for group in groups(tracker) if group.objects == [1]).permanent) == SMALL.max_confirmed_frames
    assert len(notes) == 1
    assert "max_confirmed_frames" in notes[0]


def test_a_mask_for_every_frame_does_not_fill_memory(network: Any) -> None:
    notes: list[str] = []
    tracker = XMemTracker(SMALL, Runtime(note=notes.append), network)
    tracker.start(film(60), 10, {1: square(1, 0)})
    for t in range(1, 60):
        tracker.confirm(10 + t, 1, square(1, t))
    assert len(tracker._told.confirmed) == SMALL.max_confirmed_frames
    tracker.step(11)
    assert groups(tracker)[0].permanent == [10, 11, 12, 13, 14, 15]
    assert groups(tracker)[0].working_frames == 0
    assert len(notes) == 1


def test_a_correction_changes_what_follows(tracker: XMemTracker) -> None:
    tracker.start(film(10), 10, {1: square(1, 0)})
    both = square(1, 1) | square(2, 1)
    for index in (11, 12):  # two of the three remembered frames then say so
        tracker.step(index)
        tracker.correct(index, 1, both)
    assert np.array_equal(tracker.step(13)[1].mask, both)


def test_adopted_masks_are_believed_but_not_kept_for_good(tracker: XMemTracker) -> None:
    tracker.start(film(40), 10, {1: square(1, 0), 2: square(2, 0)})
    for t in range(1, 30):
        tracker.step(10 + t)
        tracker.adopt(10 + t, 1, square(1, t) | square(2, t))
    assert np.array_equal(tracker.step(40)[1].mask, square(1, 30) | square(2, 30))
    assert all(group.permanent == [10] for group in groups(tracker))


def test_an_object_that_leaves_does_not_disturb_the_others(network: Any) -> None:
    def run(forget: bool) -> list[Any]:
        tracker = XMemTracker(SMALL, Runtime(), network)
        tracker.start(film(30), 10, {1: square(1, 0), 2: square(2, 0)})
        found = []
        for t in range(1, 30):
            found.append(tracker.step(10 + t)[1].mask)
            if forget and t == 9:
                tracker.forget(2)
        return found

    assert all(np.array_equal(one, other) for one, other in zip(run(False), run(True), strict=True))


def test_scores_and_evidence(tracker: XMemTracker) -> None:
    frames = film(9)
    tracker.start(frames, 10, {1: square(1, 0), 2: np.zeros(SIZE, bool)})
    found = tracker.step(11)
    assert found[1].score > 0.9
    assert {"overlap", "margin", "certainty", "concentration", "peak"} == set(found[1].evidence)
    assert found[2].absent
    assert found[2].score == pytest.approx(1 - found[2].evidence["peak"])
    assert found[1].probability is not None
    assert found[1].probability.dtype == np.float32


def test_support_tells_where_memory_found_the_object(tracker: XMemTracker) -> None:
    tracker.start(film(20), 10, {1: square(1, 0), 2: square(2, 0)})
    for t in range(1, 18):
        found = tracker.step(10 + t)
    for object_id, one in found.items():
        support = one.support
        assert support is not None
        assert support.shape == (SIZE[0] // 16, SIZE[1] // 16)
        on_it = square(object_id, 17)[8::16, 8::16]
        assert support[on_it].min() > 0.99
        assert support[~on_it].max() < 0.01


def test_support_shows_a_look_alike_that_the_mask_leaves_out(tracker: XMemTracker) -> None:
    """What is not in the mask but reads from the object's places is told apart from plain ground."""
    pixels = [frame.rgb.copy() for frame in film(4)]
    for rgb in pixels[1:]:
        rgb[48:64, 64:80] = COLOURS[1]
    frames = ArrayFrames(pixels, first_index=10)
    tracker.start(frames, 10, {1: square(1, 0)})
    support = tracker.step(11)[1].support
    assert support is not None
    assert support[3, 4] > 0.99 > 0.01 > support[3, 0]


def test_support_lies_where_the_picture_does_whatever_its_size() -> None:
    """The network sees a padded picture; support is laid on the picture alone."""
    geometry = Geometry((1080, 1921), 480)
    rows, columns = np.mgrid[: 480 // 16, : 864 // 16].astype(np.float32)
    middle_x = (columns + 0.5) * 16 - geometry.margins[0]
    middle_y = (rows + 0.5) * 16 - geometry.margins[2]
    places = geometry.of_places(torch.from_numpy(np.stack([middle_x, middle_y])))
    assert places.shape == (2, 30, 53)
    expected = (np.arange(53) + 0.5) * 853 / 53
    inner = slice(1, -1)
    assert np.allclose(places[0, 10, inner], expected[inner], atol=0.3)
    assert np.allclose(places[1, inner, 10], (np.arange(30)[inner] + 0.5) * 16, atol=0.3)


def test_doubt_lowers_the_score(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = film(3)
    tracker = XMemTracker(SMALL, Runtime(), network)
    tracker.start(frames, 10, {1: square(1, 0)})
    sure = tracker.step(11)[1].score
    decode = network.decode

    def doubtful(*given: Any, **named: Any) -> Any:
        logit, hidden = decode(*given, **named)
        return logit / 8, hidden

    monkeypatch.setattr(network, "decode", doubtful)
    tracker.start(frames, 10, {1: square(1, 0)})
    assert tracker.step(11)[1].score < sure - 0.2


def test_frames_are_encoded_once_in_blocks(network: Any) -> None:
    tracker = XMemTracker(SMALL.model_copy(update={"ahead_frames": 4}), Runtime(), network)
    tracker.start(film(16), 10, {1: square(1, 0)})
    for index in range(11, 26):
        tracker.step(index)
    assert network.encoded_frames == 16


def test_out_of_memory_steps_down_and_says_so(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    encode = network.encode_frames

    def bounded(images: torch.Tensor) -> Any:
        if len(images) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(images)

    monkeypatch.setattr(network, "encode_frames", bounded)
    encoded = EncodedFrames(network, film(9), Geometry(SIZE, 480), 4, notes.append)
    assert encoded[12].index == 12
    assert len(notes) == 1
    monkeypatch.setattr(network, "encode_frames", lambda images: bounded(images.repeat(2, 1, 1, 1)))
    with pytest.raises(OutOfMemory, match="short_side_px"):
        encoded[15]


def test_large_frames_are_shrunk_and_come_back() -> None:
    geometry = Geometry((1080, 1921), 480)
    assert geometry.inner == (480, 853)
    mask = np.zeros((1080, 1921), bool)
    mask[200:600, 300:900] = True
    inner = geometry.mask(mask)
    assert inner.shape == (480, 864)
    assert geometry.margins == (5, 6, 0, 0)
    back = geometry.enlarged(geometry.cropped(inner[None]))[0].numpy() > 0.5
    assert (back != mask).sum() < 2 * (400 + 600) * 2
    assert Geometry((64, 96), 480).inner == (64, 96)


def test_a_descriptor_tells_objects_apart_and_disturbs_nothing(tracker: XMemTracker) -> None:
    frames = film(20)
    tracker.start(frames, 10, {1: square(1, 0), 2: square(2, 0)})
    tracker.step(11)
    before = tracker.snapshot()
    one, again, other = (tracker.describe(frames, 10 + t, square(which, t)) for which, t in ((1, 0), (1, 12), (2, 12)))
    assert one is not None
    assert again is not None
    assert other is not None
    assert float(one @ one) == pytest.approx(1, abs=1e-5)
    assert float(one @ again) > 0.99 > 0.9 > float(one @ other)
    assert tracker.describe(frames, 10, np.zeros(SIZE, bool)) is None
    assert tracker.snapshot() == before


def test_wrong_calls_say_so(tracker: XMemTracker) -> None:
    with pytest.raises(OptionError, match="start"):
        tracker.step(1)
    with pytest.raises(OptionError, match="start"):
        tracker.snapshot()
    frames = film(5)
    with pytest.raises(OptionError, match="outside the shot"):
        tracker.start(frames, 0, {})
    tracker.start(frames, 10, {1: square(1, 0)})
    with pytest.raises(OptionError, match="not beside"):
        tracker.step(13)
    with pytest.raises(OptionError, match="not being tracked"):
        tracker.correct(10, 2, square(1, 0))
    with pytest.raises(OptionError, match="the last one handled"):
        tracker.add(11, 2, square(1, 0))
    with pytest.raises(ShapeError, match="object 2"):
        tracker.add(10, 2, np.zeros((3, 4), bool))
    with pytest.raises(OptionError, match="cannot be read"):
        tracker.restore(frames, b"nothing")
    state = tracker.snapshot()
    with pytest.raises(OptionError, match="frames of"):
        tracker.restore(ArrayFrames([np.zeros((8, 8, 3), np.uint8)]), state)


def test_precision_follows_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reduced_precision("float32", "cuda", "draft") is None
    assert reduced_precision("bfloat16", "cpu", "best") == torch.bfloat16
    monkeypatch.setattr("videdit_plugins.xmem.precision._cpu_is_faster_in_bfloat16", lambda: True)
    assert reduced_precision("auto", "cpu", "best") is None
    assert reduced_precision("auto", "cpu", "standard") == torch.bfloat16
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: False)
    assert reduced_precision("auto", "cuda:1", "standard") == torch.float16
    with pytest.raises(OptionError, match="float16"):
        reduced_precision("float16", "cpu", "standard")


@pytest.mark.parametrize(
    ("found", "faster"),
    [
        ({"cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": False}, False),
        ({"cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": True}, True),
        ({"cpu_name": "AMD EPYC", "avx512_bf16": True}, True),
        ({"bf16": True}, True),
        ({"cpu_name": "AMD EPYC", "avx2": True}, False),
    ],
)
def test_bfloat16_is_taken_on_processors_that_gain(
    found: dict[str, Any], faster: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert (reduced_precision("auto", "cpu", "standard") is not None) == faster


@pytest.mark.parametrize("wrong", [{"min_working_frames": 10}, {"prototypes": 500, "max_long_term": 100}])
def test_options_that_contradict_each_other_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"min_working_frames|prototypes"):
        XMemOptions(**wrong)
