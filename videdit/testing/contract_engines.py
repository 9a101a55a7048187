"""The contracts of segmenters, fillers, detectors and shot detectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from videdit.filler import MADE_UP, Filler
from videdit.frames import Frame
from videdit.prompts import Box, Click, MaskPrompt, Stroke
from videdit.segmenter import Segmenter
from videdit.shot_detector import ShotDetector
from videdit.testing.contract_clip import Clip, NoMasks, texture

Make = Callable[[], Any]

# -- segmenters ----------------------------------------------------------------------------------------------------


def _prompts() -> list[list[Any]]:
    # The disc's centre on frame 0 of a Clip of 72x96.
    return [
        [Click(33, 36)],
        [Box(17, 20, 50, 53)],
        [Stroke(((28, 36), (38, 36)))],
        [Click(33, 36), Click(80, 60, False)],
        [Box(17, 20, 50, 53), Click(33, 36)],
        [MaskPrompt(mask=Clip().masks[0]), Click(33, 36)],
    ]


def answers(make: Make) -> None:
    """Every kind of prompt gets at least one mask of the frame's size, best first."""
    engine: Segmenter = make()
    clip = Clip()
    for prompts in _prompts():
        found = engine.segment(clip.frames, 0, prompts)
        assert found, f"{prompts}: no answer"
        for one in found:
            assert one.mask.shape == clip.frames.size, f"{prompts}: a mask of {one.mask.shape}"
            assert one.mask.dtype == np.bool_, f"{prompts}: a mask of {one.mask.dtype}"
            assert 0 <= one.score <= 1, f"{prompts}: a score of {one.score}"
        scores = [one.score for one in found]
        assert scores == sorted(scores, reverse=True), f"{prompts}: the best answer is not the first"


def repeatable(make: Make) -> None:
    """Two instances give the same masks."""
    for prompts in _prompts():
        first, second = (make().segment(Clip().frames, 0, prompts) for _ in range(2))
        assert all(np.array_equal(a.mask, b.mask) for a, b in zip(first, second, strict=True)), f"{prompts} differ"


def any_film(make: Make) -> None:
    """Films of one frame, of more than 8 bits, and of odd size."""
    for clip in (Clip(1), Clip(3, deep=True), Clip(3, (41, 53))):
        height, width = clip.frames.size
        found = make().segment(clip.frames, 0, [Click(width * 0.35, height * 0.5)])
        assert found[0].mask.shape == clip.frames.size


def describes(make: Make) -> None:
    """A descriptor is float32 of length 1 and the same every time, or there is none."""
    clip = Clip(3)
    engine = make()
    found = [engine.describe(clip.frames, 1, clip[1]) for _ in range(2)]
    if found[0] is None:
        return
    assert found[0].ndim == 1, f"a descriptor of {found[0].shape}"
    assert found[0].dtype == np.float32, f"a descriptor of {found[0].dtype}"
    assert abs(float(found[0] @ found[0]) - 1) < 1e-3, "a descriptor has length 1"
    assert np.array_equal(found[0], found[1]), "the second descriptor differs from the first"


SEGMENTER_CHECKS: dict[str, Callable[[Make], None]] = {
    "a mask for every kind of prompt": answers,
    "the same masks every time": repeatable,
    "any film": any_film,
    "a descriptor, or none": describes,
}

# -- fillers -------------------------------------------------------------------------------------------------------


def fills(make: Make) -> None:
    """The answer holds the hole, keeps the frame outside it, and says where each pixel came from."""
    for clip in (Clip(), Clip(4, deep=True), Clip(3, (41, 53)), Clip(1)):
        engine: Filler = make()
        engine.start(clip.frames, clip)
        for index in clip.frames.shot:
            filled = engine.fill(index)
            assert filled is not None, f"frame {index}: nothing for a hole"
            rgb, hole = clip.frames[index].rgb, clip[index]
            inside = hole[filled.region.slices]
            assert inside.sum() == hole.sum(), f"frame {index}: the region misses part of the hole"
            assert filled.rgb.dtype == rgb.dtype, f"frame {index}: {filled.rgb.dtype} for a frame of {rgb.dtype}"
            kept = rgb[filled.region.slices][~inside]
            assert np.array_equal(filled.rgb[~inside], kept), f"frame {index}: pixels outside the hole changed"
            assert filled.origin.shape == inside.shape, f"frame {index}: an origin of {filled.origin.shape}"
            sources = set(np.unique(filled.origin[inside]).tolist()) - {MADE_UP}
            assert all(one in clip.frames.shot for one in sources), f"frame {index}: an origin outside the shot"
            assert (filled.origin[~inside] == index).all(), f"frame {index}: an origin outside the hole is not itself"


def no_hole(make: Make) -> None:
    """A frame without a hole gets None."""
    engine: Filler = make()
    clip = Clip(3)
    engine.start(clip.frames, NoMasks(clip))
    assert all(engine.fill(index) is None for index in clip.frames.shot)


def fills_in_any_order(make: Make) -> None:
    """What fills a frame does not depend on which frames were asked for before."""

    def run(indices: list[int]) -> dict[int, Any]:
        engine: Filler = make()
        clip = Clip()
        engine.start(clip.frames, clip)
        return {index: engine.fill(index).rgb for index in indices}  # type: ignore[union-attr]

    forward, backward = run(list(range(8))), run(list(range(7, -1, -1)))
    for index in range(8):
        assert np.array_equal(forward[index], backward[index]), f"frame {index} depends on the order of calls"


FILLER_CHECKS: dict[str, Callable[[Make], None]] = {
    "fills the hole and nothing else": fills,
    "no hole, no answer": no_hole,
    "any order of frames": fills_in_any_order,
}

# -- detectors -----------------------------------------------------------------------------------------------------


def boxes(make: Make) -> None:
    """Boxes are not empty, lie in the frame, and have scores in order."""
    engine = make()
    for clip in (Clip(1), Clip(1, deep=True), Clip(1, (41, 53))):
        frame = clip.frames[0]
        found = engine.detect(frame)
        height, width = frame.size
        scores = [one.score for one in found]
        assert scores == sorted(scores, reverse=True), "the best box is not the first"
        for one in found:
            assert 0 <= one.x0 < one.x1 <= width, f"a box of {one}"
            assert 0 <= one.y0 < one.y1 <= height, f"a box of {one}"


DETECTOR_CHECKS: dict[str, Callable[[Make], None]] = {"boxes in the frame": boxes}

# -- shot detectors ------------------------------------------------------------------------------------------------


def _changes(engine: ShotDetector, frames: list[Frame]) -> list[Any]:
    engine.start(25.0)
    found = [change for frame in frames for change in engine.watch(frame)]
    return found + engine.finish()


def _frames(count: int, cut: int) -> list[Frame]:
    grounds = texture(72, 160, 5), texture(72, 160, 9)[..., ::-1] // 2
    return [
        Frame(np.ascontiguousarray(grounds[t >= cut][:, t % 30 : t % 30 + 96]), t, t, Clip().frames[0].time_base)
        for t in range(count)
    ]


def changes(make: Make) -> None:
    """Changes lie in the film, in order, the same every time; an instance serves one film after another."""
    engine = make()
    first = _changes(engine, _frames(60, 30))
    second = _changes(engine, _frames(60, 30))
    assert first == second, "a second run over the same film differs"
    assert sorted(first) == first, "the changes are out of order"
    assert all(0 < one.index < 60 for one in first), "a change outside the film"
    engine.start(25.0)
    for frame in _frames(60, 30):
        settled = engine.settled()
        found = engine.watch(frame)
        assert all(one.index > settled for one in found), "a change up to where none was to come any more"
    settled = engine.settled()
    assert all(one.index > settled for one in engine.finish()), "a change up to where none was to come any more"


def short_films(make: Make) -> None:
    """A film of one frame has no change."""
    assert _changes(make(), _frames(1, 5)) == []


SHOT_CHECKS: dict[str, Callable[[Make], None]] = {"changes in the film": changes, "a film of one frame": short_films}
