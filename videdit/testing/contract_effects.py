"""The contract of an effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit.effect import Effect, Patch, ShotView, Window
from videdit.filler import MaskSequence
from videdit.frames import Region, to_uint8
from videdit.ops import pad_to_multiple
from videdit.testing.contract_clip import Clip, NoMasks

Make = Callable[[], Any]


def view_of(clip: Clip, masks: MaskSequence | None = None) -> ShotView:
    """Return a clip as an effect sees its shot."""
    return ShotView(clip.frames.shot, clip.frames.size, clip.frames, clip if masks is None else masks, 25.0)


def window_of(effect: Effect, view: ShotView, index: int) -> Window:
    """Return a frame of a shot cut as the pipeline cuts it for this effect."""
    frame = view.frames[index]
    mask = view.masks[index]
    region = Region.of(mask).grown(effect.margin_px, view.size) if mask.any() else Region(0, 0, 1, 1)
    if effect.where != "object":
        region = Region.whole(view.size)
    rgb = frame.rgb if effect.max_bits > 8 else to_uint8(frame.rgb)
    pixels, _ = pad_to_multiple(rgb[region.slices], effect.multiple_of)
    inside, _ = pad_to_multiple(mask[region.slices], effect.multiple_of)
    pixels = pixels.copy()
    pixels.flags.writeable = False
    alpha = (~inside if effect.where == "outside" else inside).astype(np.float32)
    return Window(index, frame.time_seconds, region, pixels, inside, alpha, view, {1: inside})


def _rendered(make: Make, clip: Clip, indices: list[int], masks: MaskSequence | None = None) -> list[Any]:
    effect: Effect = make()
    view = view_of(clip, masks)
    effect.start(view)
    try:
        return [effect.render(window_of(effect, view, index)) for index in indices]
    finally:
        effect.finish()


def _pixels(answer: Any) -> NDArray[Any] | None:
    return answer.rgb if isinstance(answer, Patch) else answer


def _well_formed(make: Make, clip: Clip) -> None:
    effect: Effect = make()
    view = view_of(clip)
    effect.start(view)
    for index in clip.frames.shot:
        window = window_of(effect, view, index)
        answer = effect.render(window)
        if answer is None:
            continue
        rgb = _pixels(answer)
        assert isinstance(rgb, np.ndarray), f"frame {index}: render returned {type(answer).__name__}"
        assert rgb.shape == window.rgb.shape, f"frame {index}: {rgb.shape} came of a window of {window.rgb.shape}"
        assert rgb.dtype == window.rgb.dtype, f"frame {index}: {rgb.dtype} came of a window of {window.rgb.dtype}"
        if isinstance(answer, Patch):
            for plane in (answer.alpha, answer.matte):
                if plane is not None:
                    assert plane.shape == rgb.shape[:2], f"frame {index}: an alpha of {plane.shape}"
                    assert plane.min() >= 0, f"frame {index}: an alpha below 0"
                    assert plane.max() <= 1, f"frame {index}: an alpha above 1"
    effect.finish()


def _same(one: Any, other: Any) -> bool:
    first, second = _pixels(one), _pixels(other)
    if first is None or second is None:
        return first is None and second is None
    return first.shape == second.shape and bool(np.array_equal(first, second))


def deterministic(make: Make) -> None:
    """Two instances give the same pixels."""
    indices = list(Clip().frames.shot)
    for index, (one, other) in enumerate(
        zip(_rendered(make, Clip(), indices), _rendered(make, Clip(), indices), strict=True)
    ):
        assert _same(one, other), f"frame {index} differs between two runs"


def any_order(make: Make) -> None:
    """A frame's pixels do not depend on which frames were asked for before."""
    forward = _rendered(make, Clip(), list(range(8)))
    backward = _rendered(make, Clip(), list(range(7, -1, -1)))[::-1]
    alone = _rendered(make, Clip(), [5])[0]
    for index, (one, other) in enumerate(zip(forward, backward, strict=True)):
        assert _same(one, other), f"frame {index} depends on the order of calls, so a resumed render would differ"
    assert _same(alone, forward[5]), "frame 5 alone differs from frame 5 after others"


def reusable(make: Make) -> None:
    """One instance serves one shot after another."""
    effect: Effect = make()
    for first in (0, 8):
        view = view_of(Clip(first=first))
        effect.start(view)
        for index in view.shot:
            effect.render(window_of(effect, view, index))
    effect.finish()
    effect.finish()


def empty_masks(make: Make) -> None:
    """A shot without the object is no error."""
    _rendered(make, Clip(), [0, 1, 2], NoMasks(Clip()))


def plain_report(make: Make) -> None:
    """The report is made of plain values."""
    import json

    effect: Effect = make()
    view = view_of(Clip())
    effect.start(view)
    effect.render(window_of(effect, view, 0))
    json.dumps(effect.report())
    effect.finish()


EFFECT_CHECKS: dict[str, Callable[[Make], None]] = {
    "pixels of the window's size and type": lambda make: _well_formed(make, Clip()),
    "films of more than 8 bits": lambda make: _well_formed(make, Clip(deep=True)),
    "a film of one frame": lambda make: _well_formed(make, Clip(1)),
    "odd sizes": lambda make: _well_formed(make, Clip(3, (41, 53))),
    "the same pixels every time": deterministic,
    "any order of frames": any_order,
    "several shots": reusable,
    "empty masks": empty_masks,
    "a plain report": plain_report,
}
